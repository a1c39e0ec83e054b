"""Groq's client: chat and its streams."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openinference, openllmetry, own

_MODULE = "groq.resources.chat.completions"
_METHODS = ("Completions.create", "AsyncCompletions.create")

INTEGRATION = Integration(
    name="groq",
    title="Groq",
    distribution="groq",
    module="groq",
    candidates=(
        # OpenLLMetry's finds no tokens in streams.
        own("foretell.integrations.clients.groq:switch_on", ">=0.9"),
        openllmetry("groq", "GroqInstrumentor"),
        openinference("groq", "GroqInstrumentor"),
    ),
    gates=tuple(GatePoint(_MODULE, method) for method in _METHODS),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of chats, plain and streaming."""
    from foretell.integrations.wrapping.model_calls import ModelCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = ModelCalls(wiring, "groq")
    return wrap_points(WrapPoint(_MODULE, method, calls) for method in _METHODS)
