"""OpenAI Agents: its own tracing tells of workflows, agents and tools; the model calls come from OpenAI's client."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, openllmetry, otel

INTEGRATION = Integration(
    name="openai-agents",
    title="OpenAI Agents",
    distribution="openai-agents",
    module="agents",
    proof="Runner",  # `agents` is a name that programs give to packages of their own too
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-openai-agents",
            "opentelemetry.instrumentation.genai.openai_agents:OpenAIAgentsInstrumentor",
            ">=0.3.3,<1",
        ),
        openllmetry("openai-agents", "OpenAIAgentsInstrumentor"),
        openinference("openai-agents", "OpenAIAgentsInstrumentor"),
    ),
)
