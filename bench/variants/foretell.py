"""Foretell with everything on: metrics, cost, redaction, store, OTLP; content stays in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from foretell.settings import Content


def start(endpoint: str, directory: str) -> Recorder:
    """As it is by default, with a collector."""
    return start_foretell(endpoint, directory, content="local")


def start_foretell(endpoint: str, directory: str, *, content: Content) -> Recorder:
    """`content` is the setting of that name."""
    import foretell

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        decorate: Any = {
            "agent": foretell.instrument_agent(name="planner"),
            "llm": foretell.instrument_llm(provider="openai", model="gpt-4o-mini"),
            "tool": foretell.instrument_tool(),
        }[kind]
        recorded: Callable[..., Any] = decorate(func)
        return recorded

    foretell.init(
        "bench", store=f"{directory}/store", otlp_endpoint=endpoint or None, content=content, integrations="none"
    )
    return Recorder(wrap, foretell.flush, foretell.shutdown)
