"""Agno: agents, teams, models and tools."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, openllmetry, otel

INTEGRATION = Integration(
    name="agno",
    title="Agno",
    distribution="agno",
    module="agno.agent",
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-agno",
            "opentelemetry.instrumentation.genai.agno:AgnoInstrumentor",
            ">=2,<4",
        ),
        openllmetry("agno", "AgnoInstrumentor"),
        openinference("agno", "AgnoInstrumentor"),
    ),
)
