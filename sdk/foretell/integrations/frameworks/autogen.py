"""AutoGen tells of agents and tools by itself; the model calls come from the provider's client."""

from __future__ import annotations

from foretell.integrations.integration import Integration, unasked

INTEGRATION = Integration(
    name="autogen",
    title="AutoGen",
    distribution="autogen-agentchat",
    module="autogen_agentchat",
    candidates=(unasked(),),
    scopes=("autogen-core",),
)
