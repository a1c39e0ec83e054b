"""AutoGen: agents and teams of autogen-agentchat."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference

INTEGRATION = Integration(
    name="autogen",
    title="AutoGen",
    distribution="autogen-agentchat",
    module="autogen_agentchat.agents",
    family=("autogen_core",),
    candidates=(openinference("autogen-agentchat", "AutogenAgentChatInstrumentor", ">=0.5.1"),),
)
