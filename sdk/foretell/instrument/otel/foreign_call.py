"""A finished span of another instrumentor as a call: taken on the caller's thread, read in the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS
from foretell.instrument.operation import Operation, RunState
from foretell.instrument.otel.foreign_content import take_contents
from foretell.model.call import Call
from foretell.model.facts import AgentTotals, Event, Link, Session
from foretell.model.kinds import Kind, Outcome
from foretell.semconv.inward.decode import call_from_span
from foretell.semconv.inward.foreign import normalise

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from foretell.instrument.runtime import Capture

_GROUPS = (Kind.AGENT, Kind.WORKFLOW)
_INFERENCE = (Kind.LLM, Kind.EMBEDDINGS)
_MARKS = ("gen_ai.", "openinference.", "traceloop.", "llm.", "langfuse.", "agentops.", "pydantic_ai.", "embedding.")
_SLOTS = tuple(Call.__slots__)


class ForeignRun:
    """A run that foreign spans make among themselves, where no operation of ours is around them."""

    __slots__ = ("id", "is_live", "state")

    def __init__(self, id: str) -> None:
        """Call it `id`; it lives once one of its spans is an agent's work, and not just any span."""
        self.id = id
        self.is_live = False
        self.state = RunState()


class Place:
    """Where a foreign span stands: what was around it when it started."""

    __slots__ = (
        "_known",
        "above",
        "aside",
        "has_inner",
        "is_genai",
        "is_halted",
        "operation",
        "run",
        "session",
        "span",
        "step_index",
    )

    def __init__(
        self,
        span: Any,
        operation: Operation | None,
        above: Place | None,
        run: ForeignRun | None,
        session: Session | None,
    ) -> None:
        """`above` is the nearest foreign span around it that is an agent's work; `run` is None inside an operation."""
        self.span = span
        self.operation = operation
        self.above = above
        self.run = run
        self.session = session
        self.step_index: int | None = None
        self.is_genai = self.has_inner = self.is_halted = False
        self._known: Call | None = None
        self.aside: Mapping[str, Any] | None = None
        """Contents that are for us alone, and so not on the span."""

    @property
    def run_id(self) -> str:
        """The run that the span belongs to; empty where it belongs to none."""
        if self.operation is not None:
            return self.operation.run_id
        return self.run.id if self.run is not None and self.run.is_live else ""

    @property
    def agent_name(self) -> str | None:
        """Name of the agent that the span is, or that is around it."""
        call = self.known() if self.look() else self.nearest()
        return call.agent_name if call is not None else None

    @property
    def state(self) -> RunState:
        """What the calls of its run share."""
        return self.operation.run if self.operation is not None else self.run.state  # type: ignore[union-attr]  # one of them

    def look(self) -> bool:
        """Whether its attributes say by now that it is an agent's work; the first time, it takes its step in the run."""
        if not self.is_genai and any(key.startswith(_MARKS) for key in self.span.attributes or ()):
            self.is_genai = True
            self.step_index = next(self.state.steps)
            if self.run is not None:
                self.run.is_live = True
        return self.is_genai

    def halt(self) -> None:
        """A request inside was refused because the run is halted: what is around it ends with that."""
        place: Place | None = self
        while place is not None:
            place.is_halted = True
            place = place.above

    def known(self) -> Call:
        """What is known of the span so far, as what stands around other calls; the same object each time."""
        if self._known is None:
            self._known = call = decode_span(self.span, self.run_id)
            self.settle(call)
            if call.kind in _GROUPS:
                call.totals = AgentTotals()
        return self._known

    def nearest(self) -> Call | None:
        """The nearest call around the span."""
        return self.above.known() if self.above is not None else self.operation

    def settle(self, call: Call) -> None:
        """Tell a call of this span which agent and which group are around it."""
        nearest = self.nearest()
        if nearest is not None:
            call.agent = nearest if nearest.kind is Kind.AGENT else nearest.agent
            call.group = nearest if nearest.kind in _GROUPS else nearest.group
            if call.agent_name is None and call.agent is not None:
                call.agent_name = call.agent.agent_name

    def totals_for(self, kind: Kind) -> AgentTotals | None:
        """Sums over what ended inside; None where nothing was seen there."""
        return self._known.totals if self._known is not None and kind in _GROUPS else None


class ForeignCall(Call):
    """A call of a foreign span. It costs the caller next to nothing: the span is read by the worker."""

    __slots__ = ("_capture", "_place", "_span", "is_summed")

    size_bytes = 4_000
    """A guess, for the queue's bound: looking would cost the caller."""

    def __init__(self, span: ReadableSpan, place: Place, capture: Capture) -> None:  # the rest is filled by `read`
        """Take a finished span that stood at `place`."""
        self._span: ReadableSpan | None = span
        self._place: Place | None = place
        self._capture = capture
        self.is_summed = False
        self.kind = Kind.LLM if place.is_genai else Kind.SPAN  # a guess; the worker prepares for prices by it

    def read(self) -> None:
        """Fill the call from its span, once."""
        span, place = self._span, self._place
        if span is None or place is None:
            return
        self._span = self._place = None
        try:
            call = decode_span(span, place.run_id, place.aside)
            _place(call, span, place)
            take_contents(call, self._capture)
        except Exception as error:
            FAULTS.note("foreign.read", error)
            call = _bare(span, place)
        for name in _SLOTS:
            setattr(self, name, getattr(call, name))


def read_foreign(calls: Sequence[Call]) -> None:
    """Fill the foreign calls of a batch."""
    for call in calls:
        if isinstance(call, ForeignCall):
            call.read()


def decode_span(span: ReadableSpan, run_id: str, aside: Mapping[str, Any] | None = None) -> Call:
    """What a span of the official SDK says, finished or not, as a call; `aside` are contents that are not on it."""
    context, parent, status = span.get_span_context(), span.parent, span.status
    call = call_from_span(
        name=span.name,
        kind=span.kind.name.lower(),
        trace_id=context.trace_id if context else 0,
        span_id=context.span_id if context else 0,
        parent_id=parent.span_id if parent else None,
        start_ns=span.start_time or 0,
        end_ns=span.end_time,
        status=(status.status_code.value, status.description or ""),
        attributes=normalise({**(span.attributes or {}), **(aside or {})}),
        events=[Event(e.name, e.timestamp, dict(e.attributes or {})) for e in span.events],
        links=[Link(n.context.trace_id, n.context.span_id, dict(n.attributes or {})) for n in span.links],
        trace_state=context.trace_state.to_header() if context else "",
        run_id=run_id,
    )
    if context is not None:
        call.trace_flags = int(context.trace_flags)
    call.parent_is_remote = bool(parent and parent.is_remote)
    call.scope = span.instrumentation_scope.name if span.instrumentation_scope else None
    dropped = (span.dropped_attributes, span.dropped_events, span.dropped_links)
    call.dropped = dropped if any(dropped) else None
    return call


def _place(call: Call, span: ReadableSpan, place: Place) -> None:
    """Give the call its agent, run, session and sums; an inference that is told twice is counted once."""
    if call.kind is not Kind.SPAN:
        place.look()
    if place.is_halted:
        call.outcome = Outcome.HALTED
    call.run_id = place.run_id
    call.step_index = place.step_index
    call.session = call.session or place.session
    place.settle(call)
    if call.kind in _INFERENCE:
        _count_once(call, span, place)
    call.totals = place.totals_for(call.kind)


def _count_once(call: Call, span: ReadableSpan, place: Place) -> None:
    """Of model calls inside each other, the innermost that tells its tokens counts; ours takes them over."""
    nearest = place.nearest()
    if place.has_inner:
        _demote(call, span)
    elif nearest is not None and nearest.kind is call.kind:
        if isinstance(nearest, Operation):
            told = decode_span(span, call.run_id)
            nearest.inner = [*(nearest.inner or ()), told]
            _demote(call, span)
        elif call.usage is not None and place.above is not None:
            place.above.has_inner = True


def _demote(call: Call, span: ReadableSpan) -> None:
    call.kind, call.name = Kind.STEP, span.name
    call.facts = call.usage = call.cost = None


def _bare(span: ReadableSpan, place: Place) -> Call:
    """What is left of a span that could not be read: its times and where it stood, no text."""
    context = span.get_span_context()
    call = Call(
        Kind.SPAN,
        "unreadable",
        id=context.span_id if context else 0,
        trace_id=context.trace_id if context else 0,
        run_id=place.run_id,
        start_ns=span.start_time or 0,
    )
    call.end_ns = span.end_time
    call.parent_id = span.parent.span_id if span.parent else None
    return call


def adopt_operation(operation: Operation, place: Place) -> None:
    """Let an operation of ours that runs inside a foreign span belong to the agent and the run of that span."""
    if not place.look() and place.above is not None:
        place = place.above
    if not place.is_genai:
        return
    if place.operation is None and place.run is not None and operation.is_root:
        operation.run = place.run.state
        operation.run_id = place.run.id
        operation.step_index = next(operation.run.steps)
    around: Call = place.known()
    operation.agent = around if around.kind is Kind.AGENT else around.agent
    operation.group = around if around.kind in _GROUPS else around.group
    if operation.kind is not Kind.AGENT and operation.agent is not None:
        operation.agent_name = operation.agent.agent_name
