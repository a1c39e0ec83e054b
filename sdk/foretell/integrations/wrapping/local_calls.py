"""Tells of what a library does in this process (agents, workflows, tools), by spans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Status, StatusCode

from foretell.errors import FAULTS
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.inside import call_inside
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring

AGENT, WORKFLOW, TOOL = "invoke_agent", "invoke_workflow", "execute_tool"
_NAMES = {AGENT: genai.AGENT_NAME, WORKFLOW: genai.WORKFLOW_NAME, TOOL: genai.TOOL_NAME}
_CONTENTS = {TOOL: (genai.TOOL_ARGUMENTS, genai.TOOL_RESULT)}


@dataclass(frozen=True, slots=True)
class Described:
    """What one call is about."""

    name: str
    given: Any = None
    """Its input."""
    call_id: str | None = None
    """Of a tool: the id by which the model asked for it."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further attributes."""


Describe = Callable[[Any, tuple[Any, ...], dict[str, Any]], Described]
"""Finds out, from the instance and the arguments; may raise where it cannot."""


class LocalCalls:
    """Wraps functions and methods that are an operation each."""

    def __init__(
        self,
        wiring: Wiring,
        operation: str,
        describe: Describe,
        *,
        has_failed: Callable[[Any], bool] | None = None,
        is_remote: bool = False,
    ) -> None:
        """Tell of calls as `AGENT`, `WORKFLOW` or `TOOL`; `has_failed` knows results that say so instead of raising."""
        self._has_failed = has_failed
        self._kind = SpanKind.CLIENT if is_remote else SpanKind.INTERNAL
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._has_content = wiring.has_content
        self._operation = operation
        self._describe = describe
        self._contents = _CONTENTS.get(operation, (genai.INPUT_MESSAGES, genai.OUTPUT_MESSAGES))

    def __call__(self, wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make the call inside a span."""
        span = self._open(instance, args, kwargs)
        if span is None:
            return wrapped(*args, **kwargs)
        return call_inside(span, wrapped, args, kwargs, self._keep)

    def _open(self, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None:
        try:
            what = self._describe(instance, args, kwargs)
            about = {genai.OPERATION: self._operation, _NAMES[self._operation]: what.name}
            if self._operation == TOOL:
                about[genai.TOOL_TYPE] = "function"
            about.update(what.more)
            if what.call_id:
                about[genai.TOOL_CALL_ID] = what.call_id
            if self._has_content and what.given is not None:
                about[self._contents[0]] = write_content(what.given)
            return self._tracer.start_span(f"{self._operation} {what.name}", kind=self._kind, attributes=about)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _keep(self, span: Span, result: Any) -> None:
        try:
            if self._has_failed is not None and self._has_failed(result):
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute(genai.ERROR_TYPE, "tool_error")
            if self._has_content and result is not None:
                span.set_attribute(self._contents[1], write_content(result))
        except Exception as error:
            FAULTS.note("integrations.finish", error)
