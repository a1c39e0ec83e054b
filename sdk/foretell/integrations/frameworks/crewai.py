"""CrewAI: crews, agents, tasks and tools."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, openllmetry

INTEGRATION = Integration(
    name="crewai",
    title="CrewAI",
    distribution="crewai",
    module="crewai",
    candidates=(
        openllmetry("crewai", "CrewAIInstrumentor", ">=1,<2"),
        openinference("crewai", "CrewAIInstrumentor", ">=1.10.1"),
    ),
)
