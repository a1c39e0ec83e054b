"""Google's Agent Development Kit tells of agents, models and tools by itself."""

from __future__ import annotations

from foretell.integrations.integration import Integration, unasked

INTEGRATION = Integration(
    name="google-adk",
    title="Google ADK",
    distribution="google-adk",
    module="google.adk",
    candidates=(unasked(),),
    scopes=("gcp.vertex.agent",),
)
