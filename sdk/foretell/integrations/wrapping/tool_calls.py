"""Tells of tools that a library calls by itself, by spans."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, use_span

from foretell.errors import FAULTS
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring

Describe = Callable[[tuple[Any, ...], dict[str, Any]], tuple[str, Any]]
"""Finds a tool's name and arguments among those of a call."""


class ToolCalls:
    """Wraps the function by which a library calls tools."""

    def __init__(self, wiring: Wiring, *, describe: Describe) -> None:
        """Tell of the tools that `describe` finds."""
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._has_content = wiring.has_content
        self._describe = describe

    def __call__(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the tool inside a span."""
        span = self._open(args, kwargs)
        if span is None:
            return wrapped(*args, **kwargs)
        if inspect.iscoroutinefunction(wrapped):
            return self._await(span, wrapped, args, kwargs)
        with use_span(span, end_on_exit=True):
            result = wrapped(*args, **kwargs)
            self._keep(span, result)
        return result

    async def _await(self, span: Span, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with use_span(span, end_on_exit=True):
            result = await wrapped(*args, **kwargs)
            self._keep(span, result)
        return result

    def _open(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None:
        try:
            name, given = self._describe(args, kwargs)
            about = {genai.OPERATION: "execute_tool", genai.TOOL_NAME: name, genai.TOOL_TYPE: "function"}
            if self._has_content:
                about[genai.TOOL_ARGUMENTS] = write_content(given)
            return self._tracer.start_span(f"execute_tool {name}", kind=SpanKind.INTERNAL, attributes=about)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _keep(self, span: Span, result: Any) -> None:
        try:
            if self._has_content:
                span.set_attribute(genai.TOOL_RESULT, write_content(result))
        except Exception as error:
            FAULTS.note("integrations.finish", error)
