"""Mistral's client: chat and its streams."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openinference, own

INTEGRATION = Integration(
    name="mistral",
    title="Mistral",
    distribution="mistralai",
    module="mistralai.client",
    # What OpenLLMetry has is made for the first version, whose modules stand elsewhere.
    candidates=(
        own("foretell.integrations.clients.mistral:switch_on", ">=2"),
        openinference("mistralai", "MistralAIInstrumentor"),
    ),
    gates=tuple(
        GatePoint(f"mistralai.client.{module}", f"{name}.{method}{end}")
        for module, name, methods in (
            ("chat", "Chat", ("complete", "stream")),
            ("agents", "Agents", ("complete", "stream")),
            ("fim", "Fim", ("complete", "stream")),
            ("embeddings", "Embeddings", ("create",)),
        )
        for method in methods
        for end in ("", "_async")
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of chats, plain and streaming."""
    from foretell.integrations.wrapping.model_calls import ModelCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = ModelCalls(wiring, "mistral_ai")
    methods = ("complete", "complete_async", "stream", "stream_async")
    return wrap_points(WrapPoint("mistralai.client.chat", f"Chat.{method}", calls) for method in methods)
