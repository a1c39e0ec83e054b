"""Makes a call inside a span that ends with it, whether it is plain or asynchronous."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import use_span

if TYPE_CHECKING:
    from opentelemetry.trace import Span

Keep = Callable[["Span", Any], None]
"""Notes a result on its span; never raises."""


def call_inside(span: Span, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: Keep) -> Any:
    """What `wrapped` gives; a coroutine function's coroutine makes the call once it is awaited."""
    if inspect.iscoroutinefunction(wrapped):
        return _await_inside(span, wrapped, args, kwargs, keep)
    with use_span(span, end_on_exit=True):
        result = wrapped(*args, **kwargs)
        keep(span, result)
    return result


async def _await_inside(span: Span, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: Keep) -> Any:
    with use_span(span, end_on_exit=True):
        result = await wrapped(*args, **kwargs)
        keep(span, result)
    return result
