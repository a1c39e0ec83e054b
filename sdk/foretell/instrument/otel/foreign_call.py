"""A finished span of another instrumentor as a call: taken on the caller's thread, read in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from foretell.errors import FAULTS
from foretell.instrument.operation import Operation
from foretell.instrument.otel.foreign_content import take_contents
from foretell.instrument.otel.foreign_place import (
    GROUPS,
    INFERENCE,
    LazyCall,
    Place,
    bare_call,
    decode_span,
    join_sessions,
)
from foretell.model.call import Call
from foretell.model.kinds import AGENT, HALTED, LLM, SPAN, STEP, TOOL
from foretell.semconv import genai
from foretell.semconv.inward.endings import settle_early_end

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from foretell.instrument.runtime import Capture

_REPLACED = (*INFERENCE, TOOL, AGENT)
"""Kinds of call that an operation of ours inside a foreign span of the same name tells better."""


class ForeignCall(LazyCall):
    """A call of a foreign span. It costs the caller next to nothing: the span is read by the worker."""

    __slots__ = ("_capture", "_place", "_span", "inner", "is_summed")

    size_bytes = 4_000
    """A guess, for the queue's bound: looking would cost the caller."""

    def __init__(self, span: ReadableSpan, place: Place, capture: Capture) -> None:  # the rest is filled by `fill`
        """Take a finished span that stood at `place`."""
        context = span.get_span_context()
        self._span: ReadableSpan | None = span
        self._place: Place | None = place
        self._capture = capture
        self.is_summed = False
        self.inner = place.inner_calls()
        self.id = context.span_id if context is not None else 0
        self.kind = LLM if place.is_genai else SPAN  # a guess; the worker prepares for prices by it

    def fill(self) -> None:
        """Read the span, once."""
        span, place = self._span, self._place
        if span is None or place is None:
            return
        try:
            call = decode_span(span, place.run_id, place.aside)
            settle_early_end(call)
            _place(call, span, place)
            take_contents(call, self._capture)
        except Exception as error:
            FAULTS.note("foreign.read", error)
            call = bare_call(span, place)
        self.take_from(call)
        self._span = self._place = None


def read_foreign(calls: Sequence[Call]) -> None:
    """Fill the foreign calls of a batch."""
    for call in calls:
        if isinstance(call, ForeignCall):
            call.ensure()


def _place(call: Call, span: ReadableSpan, place: Place) -> None:
    """Give the call its agent, run, session and sums; what is told twice is counted once."""
    if call.kind is not SPAN:
        place.look()
    if place.is_halted:
        call.outcome = HALTED
    call.run_id = place.run_id
    call.step_index = place.step_index
    call.parent_id = place.parent_id()
    place.settle(call)
    if place.merged is None:
        _count_once(call, span, place)
    call.totals = place.totals_for(call.kind)
    added = place.added_events()
    if added:
        call.events = [*(call.events or ()), *added]


def _count_once(call: Call, span: ReadableSpan, place: Place) -> None:
    """What others tell of the same call is kept as a step: it groups, and adds nothing to sums."""
    nearest, above = place.nearest(), place.above
    if place.has_inner and call.kind in INFERENCE:
        _demote(call, span)
    elif call.kind in INFERENCE:
        if above is not None and above.kind is call.kind and not above.is_replaced and not above.has_inner:
            _demote(call, span)
    elif nearest is not None and _is_same_tool(call, nearest):
        _demote(call, span)


def _is_same_tool(call: Call, nearest: Call) -> bool:
    """A protocol's span inside the tool's own, for example; a tool that calls itself is two."""
    if not (call.kind is nearest.kind is TOOL and nearest.scope != call.scope):
        return False
    # Frameworks put a server's name before its tools'.
    is_remote = nearest.scope is not None and "mcp.method.name" in (call.attributes or {})
    return nearest.name.endswith(call.name) if is_remote else nearest.name == call.name


def _demote(call: Call, span: ReadableSpan) -> None:
    call.kind, call.name = STEP, span.name
    call.facts = call.usage = call.cost = None


def tells_tokens(span: ReadableSpan) -> bool:
    """Whether anything on the span is about tokens, by anybody's name."""
    return any("usage" in key or "token_count" in key for key in span.attributes or ())


def has_failed(span: ReadableSpan) -> bool:
    """Whether it says that its call failed, or was cancelled, which is no failed status."""
    return not span.status.is_ok or genai.ERROR_TYPE in (span.attributes or ())


def adopt_operation(operation: Operation, place: Place) -> None:
    """Let an operation of ours that runs inside a foreign span belong to the agent and the run of that span."""
    operation.parent_id = place.shown_id()
    if not place.look() and place.above is not None:
        place = place.above
    if not place.is_genai:
        # A client's call makes what is around it part of its run, as a foreign span of the same would.
        if operation.spec.describe is None or place.run is None:
            return
        place.run.is_live = True
    if place.operation is None and place.run is not None and operation.is_root:
        operation.run = place.run.state
        operation.run_id = place.run.id
        operation.step_index = next(operation.run.steps)
    around: Call | None = place.known()
    operation.session = join_sessions(operation.session, place.known().session)
    if _is_same(operation, place) and operation.runtime.worker.withdraw(place.known().id):
        # It tells what the foreign span around it tells too: that one is left out.
        place.is_replaced = True
        operation.parent_id = place.parent_id()
        around = place.nearest()
    operation.agent = around if around is None or around.kind is AGENT else around.agent
    operation.group = around if around is None or around.kind in GROUPS else around.group
    if operation.kind is not AGENT:
        operation.agent_name = operation.agent.agent_name if operation.agent is not None else None


def _is_same(operation: Operation, place: Place) -> bool:
    if place.merged is not None or operation.kind is not place.kind or operation.kind not in _REPLACED:
        return False
    return operation.kind in INFERENCE or operation.name == place.known().name
