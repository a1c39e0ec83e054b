"""smolagents: agents, their steps, models and tools."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, otel

INTEGRATION = Integration(
    name="smolagents",
    title="smolagents",
    distribution="smolagents",
    module="smolagents",
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-smolagents",
            "opentelemetry.instrumentation.genai.smolagents:SmolagentsInstrumentor",
            ">=1.24,<2",
        ),
        openinference("smolagents", "SmolagentsInstrumentor"),
    ),
)
