"""LiteLLM: completions of all providers; where a provider's own client is recorded too, that one counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openinference, openllmetry, own

INTEGRATION = Integration(
    name="litellm",
    title="LiteLLM",
    distribution="litellm",
    module="litellm",
    # Its own callback sends a span when the call is over, so nothing can stand below it.
    candidates=(
        own("foretell.integrations.clients.litellm:switch_on", ">=1.40"),
        openllmetry("litellm", "LiteLLMInstrumentor"),
        openinference("litellm", "LiteLLMInstrumentor"),
    ),
    gates=tuple(
        GatePoint("litellm", f"{start}{name}")
        for name in ("completion", "text_completion", "responses", "embedding")
        for start in ("", "a")
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of completions, plain and streaming."""
    from foretell.integrations.wrapping.model_calls import ModelCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = ModelCalls(wiring, "litellm", model=_find_model)
    return wrap_points(WrapPoint("litellm", name, calls) for name in ("completion", "acompletion"))


def _find_model(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """The model's name without the provider's before it, by which prices are looked up."""
    model = kwargs.get("model", args[0] if args else None)
    return model.rpartition("/")[2] if isinstance(model, str) else None
