"""OpenAI's client: chat, responses, embeddings, streams and structured output."""

from __future__ import annotations

from foretell.integrations.integration import (
    GatePoint,
    Integration,
    Other,
    openinference,
    openllmetry,
    otel,
)

_CHAT, _RESPONSES, _EMBEDDINGS = (
    "openai.resources.chat.completions",
    "openai.resources.responses.responses",
    "openai.resources.embeddings",
)

INTEGRATION = Integration(
    name="openai",
    title="OpenAI",
    distribution="openai",
    module="openai",
    used=(_CHAT, _RESPONSES, _EMBEDDINGS),  # the instrumentor loads two hundred modules of types
    candidates=(
        otel(
            "opentelemetry-instrumentation-genai-openai",
            "opentelemetry.instrumentation.genai.openai:OpenAIInstrumentor",
            ">=1.26,<4",
        ),
        openllmetry("openai", "OpenAIInstrumentor", ">=1.26"),
        openinference("openai", "OpenAIInstrumentor", ">=1.69"),
    ),
    others=(
        Other("langfuse.openai", twin="langfuse-sdk"),
        Other("logfire._internal.integrations.llm_providers.openai"),
        Other("opentelemetry.instrumentation.openai_v2"),
    ),
    gates=(
        *(
            GatePoint(module, f"{kind}{name}.{method}")
            for module, name, methods in (
                (_CHAT, "Completions", ("create", "parse")),
                (_RESPONSES, "Responses", ("create", "stream", "parse")),
                (_EMBEDDINGS, "Embeddings", ("create",)),
            )
            for method in methods
            for kind in ("", "Async")
        ),
        # `stream` is no coroutine and cannot wait; what it gives sends the request.
        GatePoint("openai.lib.streaming.responses", "AsyncResponseStreamManager.__aenter__"),
    ),
)
