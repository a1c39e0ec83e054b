"""OpenAI's client: chat, responses, embeddings, streams and structured output."""

from __future__ import annotations

from foretell.integrations.integration import (
    GatePoint,
    Integration,
    Other,
    Undo,
    Wiring,
    openinference,
    openllmetry,
    otel,
    own,
)

_CHAT, _BETA, _RESPONSES, _EMBEDDINGS = (
    "openai.resources.chat.completions",
    "openai.resources.beta.chat.completions",  # from 1.40 to 1.91
    "openai.resources.responses.responses",
    "openai.resources.embeddings",
)

INTEGRATION = Integration(
    name="openai",
    title="OpenAI",
    distribution="openai",
    module="openai",
    used=(_CHAT, _RESPONSES, _EMBEDDINGS),  # together they load two hundred modules of types
    candidates=(
        # OpenTelemetry's takes half a millisecond and more of each call's time.
        own("foretell.integrations.clients.openai:switch_on", ">=1.26"),
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
                (_BETA, "Completions", ("parse",)),
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


def switch_on(wiring: Wiring) -> Undo:
    """Tell of chats, responses and embeddings; helpers for streams send their requests by `create`."""
    from foretell.integrations.operations.calls import OperationCalls
    from foretell.integrations.operations.fetches import Fetches
    from foretell.integrations.operations.openai_requests import CHAT, EMBEDDINGS, RESPONSES
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    fetches = Fetches(wiring, RESPONSES)
    calls: list[OperationCalls | Fetches] = [fetches]
    points = [WrapPoint(_RESPONSES, f"{kind}Responses.retrieve", fetches, is_needed=False) for kind in ("", "Async")]
    for api, module, name in (
        (CHAT, _CHAT, "Completions"),
        (CHAT, _BETA, "Completions"),
        (RESPONSES, _RESPONSES, "Responses"),
        (EMBEDDINGS, _EMBEDDINGS, "Embeddings"),
    ):
        told = OperationCalls(wiring, api)
        calls.append(told)
        for method in ("create", "parse"):
            is_needed = method == "create" and module in (_CHAT, _EMBEDDINGS)
            points += (
                WrapPoint(module, f"{name}.{method}", told.around, is_needed),
                WrapPoint(module, f"Async{name}.{method}", told.around_later, is_needed),
            )
    undo = wrap_points(points)

    def switch_off() -> None:
        undo()
        for call in calls:
            call.is_on = False

    return switch_off
