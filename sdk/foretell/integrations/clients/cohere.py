"""Cohere's client, the second version: chat and its streams."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openllmetry, own

INTEGRATION = Integration(
    name="cohere",
    title="Cohere",
    distribution="cohere",
    module="cohere",
    # OpenLLMetry's loses streams and what came from the cache.
    candidates=(
        own("foretell.integrations.clients.cohere:switch_on", ">=5.13"),
        openllmetry("cohere", "CohereInstrumentor"),
    ),
    gates=tuple(
        GatePoint(module, f"{kind}{name}.{method}")
        for module, name in (("cohere.v2.client", "V2Client"), ("cohere.base_client", "BaseCohere"))
        for method in ("chat", "chat_stream", "embed", "rerank")
        for kind in ("", "Async")
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of chats, plain and streaming."""
    from foretell.integrations.wrapping.model_calls import ModelCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = ModelCalls(wiring, "cohere")
    methods = [f"{kind}V2Client.{method}" for kind in ("", "Async") for method in ("chat", "chat_stream")]
    return wrap_points(WrapPoint("cohere.v2.client", method, calls) for method in methods)
