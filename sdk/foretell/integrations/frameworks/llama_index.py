"""LlamaIndex: its dispatcher tells of agents, tools, workflows and retrievers; model calls come from the provider's client."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference, openllmetry, otel

INTEGRATION = Integration(
    name="llama-index",
    title="LlamaIndex",
    distribution="llama-index-core",
    module="llama_index.core",
    family=("workflows", "llama_index_instrumentation"),
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-llama-index",
            "opentelemetry.instrumentation.genai.llama_index:LlamaIndexInstrumentor",
            ">=0.14.19,<1",
        ),
        openllmetry("llamaindex", "LlamaIndexInstrumentor"),
        openinference("llama-index", "LlamaIndexInstrumentor"),
    ),
)
