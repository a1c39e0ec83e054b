"""DSPy: its callbacks tell of modules, models and tools."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, otel

INTEGRATION = Integration(
    name="dspy",
    title="DSPy",
    distribution="dspy",
    module="dspy",
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-dspy",
            "opentelemetry.instrumentation.genai.dspy:DSPyInstrumentor",
            ">=3.3,<4",
        ),
        openinference("dspy", "DSPyInstrumentor"),
    ),
)
