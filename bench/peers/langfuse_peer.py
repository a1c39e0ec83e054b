"""langfuse: its `observe` decorator; its exporter writes OTLP to the host that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {"agent": "agent", "llm": "generation", "tool": "tool"}


def start(endpoint: str, directory: str) -> Recorder:
    """With content, as it is by default."""
    from langfuse import Langfuse, observe

    client = Langfuse(public_key="pk-bench", secret_key="sk-bench", host=endpoint)

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = observe(as_type=KINDS[kind])(func)
        return recorded

    return Recorder(wrap, client.flush, client.shutdown)
