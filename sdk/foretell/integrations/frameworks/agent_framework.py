"""Microsoft's Agent Framework tells of agents, models and tools by itself."""

from __future__ import annotations

from foretell.integrations.integration import Integration, unasked

INTEGRATION = Integration(
    name="agent-framework",
    title="Microsoft Agent Framework",
    distribution="agent-framework-core",
    module="agent_framework",
    candidates=(unasked(),),
    scopes=("agent_framework",),
)
