"""traceloop-sdk: its decorators, with its batch processor and exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable


def start(endpoint: str, directory: str) -> Recorder:
    """With content, as it is by default; without its own usage reports."""
    from opentelemetry import trace
    from traceloop.sdk import Traceloop
    from traceloop.sdk.decorators import agent, task, tool

    Traceloop.init("bench", api_endpoint=endpoint, telemetry_enabled=False, disable_batch=False)
    provider: Any = trace.get_tracer_provider()
    decorators: dict[str, Any] = {"agent": agent, "llm": task, "tool": tool}

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = decorators[kind](name=func.__name__)(func)
        return recorded

    return Recorder(wrap, provider.force_flush, provider.shutdown)
