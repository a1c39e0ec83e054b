"""OpenAI's client: chat, responses, embeddings, streams and structured output."""

from __future__ import annotations

from foretell.integrations.integration import (
    GatePoint,
    Integration,
    Undo,
    Wiring,
    openinference,
    openllmetry,
    otel,
)

_OTEL = "opentelemetry-instrumentation-genai-openai"

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
        otel(_OTEL, "foretell.integrations.clients.openai:switch_on", ">=1.26,<4"),
        openllmetry("openai", "OpenAIInstrumentor", ">=1.26"),
        openinference("openai", "OpenAIInstrumentor", ">=1.69"),
    ),
    gates=tuple(
        GatePoint(module, f"{kind}{name}.{method}")
        for module, name, methods in (
            (_CHAT, "Completions", ("create", "parse")),
            (_RESPONSES, "Responses", ("create", "stream", "parse")),
            (_EMBEDDINGS, "Embeddings", ("create",)),
        )
        for method in methods
        for kind in ("", "Async")
    ),
)


def switch_on(wiring: Wiring) -> Undo | None:
    """Switch OpenTelemetry's instrumentor on; None where the program has done so itself."""
    from importlib.util import find_spec

    from foretell.integrations.switching import start_candidate

    # The client looks whether httpx2 is loaded, at each answer. The price list loads it in the worker, and half of a
    # module there would be an AttributeError in the program.
    if find_spec("httpx2") is not None:
        import httpx2  # noqa: F401  # whole, before the program's first call
    return start_candidate(otel(_OTEL, "opentelemetry.instrumentation.genai.openai:OpenAIInstrumentor"), wiring)
