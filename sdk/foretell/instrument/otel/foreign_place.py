"""Where a foreign span stands among the calls around it, and whether somebody else tells of the same call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS
from foretell.instrument.operation import Operation, RunState
from foretell.model.call import Call
from foretell.model.facts import AgentTotals, Event, Link, Session
from foretell.model.kinds import AGENT, EMBEDDINGS, LLM, SPAN, WORKFLOW, Kind
from foretell.semconv import genai
from foretell.semconv.inward.decode import KIND_OF_OPERATION, call_from_span
from foretell.semconv.inward.foreign import normalise, operation_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

GROUPS = (AGENT, WORKFLOW)
INFERENCE = (LLM, EMBEDDINGS)
_MARKS = ("gen_ai.", "openinference.", "traceloop.", "llm.", "langfuse.", "agentops.", "pydantic_ai.", "embedding.")
_SLOTS = tuple(Call.__slots__)
_READING = RLock()
"""A span is read by whoever needs it first, the worker or a program's thread."""


class ForeignRun:
    """A run that foreign spans make among themselves, where no operation of ours is around them."""

    __slots__ = ("id", "is_live", "state")

    def __init__(self, id: str) -> None:
        """Call it `id`; it lives once one of its spans is an agent's work, and not just any span."""
        self.id = id
        self.is_live = False
        self.state = RunState()


class LazyCall(Call):
    """A call that is read when somebody asks for more than its ids and times."""

    __slots__ = ()

    def fill(self) -> None:
        """Fill every slot."""
        raise NotImplementedError

    def take_from(self, call: Call) -> None:
        """Become what `call` is."""
        for name in _SLOTS:
            setattr(self, name, getattr(call, name))

    def ensure(self) -> None:
        """Fill the call, whichever thread comes first."""
        with _READING:
            self.fill()

    def __getattr__(self, name: str) -> Any:
        """Fill the call: only a slot that is still empty leads here."""
        if name not in _SLOTS:
            raise AttributeError(name)
        self.ensure()
        return object.__getattribute__(self, name)


class OpenForeign(LazyCall):
    """What is known of a foreign span that still runs, as what stands around other calls and among the open ones."""

    __slots__ = ("_place", "added", "inner")

    def __init__(self, place: Place) -> None:  # the rest is filled by `fill`
        """Stand for the span of `place`."""
        context = place.span.get_span_context()
        self._place = place
        self.added: list[Event] = []
        self.inner: list[Call] | None = None
        """Of a model call: what another instrumentor told about the same call from inside it."""
        self.id = self.span_id = context.span_id if context is not None else 0
        self.trace_id = context.trace_id if context is not None else 0
        self.start_ns = place.span.start_time or 0
        self.run_id = place.run_id
        self.end_ns = None

    def fill(self) -> None:
        """Read the span as it is now."""
        place = self._place
        try:
            call = decode_span(place.span, place.run_id)
        except Exception as error:
            FAULTS.note("foreign.read", error)
            call = bare_call(place.span, place)
        place.settle(call)
        call.step_index, call.end_ns = place.step_index, self.end_ns
        call.parent_id = place.parent_id()
        if call.kind in GROUPS:
            call.totals = AgentTotals()
        self.take_from(call)

    def add_event(self, name: str, /, **fields: Any) -> None:
        """Note a moment; it is told with the span's own when that has ended."""
        self.added.append(Event(name, time.time_ns(), fields))


class Place:
    """Where a foreign span stands: what was around it when it started."""

    __slots__ = (
        "_known",
        "above",
        "aside",
        "has_inner",
        "is_genai",
        "is_halted",
        "is_hidden",
        "is_paired",
        "is_replaced",
        "kind",
        "merged",
        "on_known",
        "operation",
        "parent",
        "run",
        "session",
        "span",
        "step_index",
    )

    def __init__(
        self,
        span: Any,
        operation: Operation | None,
        parent: Place | None,
        run: ForeignRun | None,
        session: Session | None,
        on_known: Callable[[Place], object] | None = None,
    ) -> None:
        """`parent` is the foreign span right around it, if any; `run` is None inside an operation."""
        self.span = span
        self.operation = operation
        self.parent = parent
        self.above: Place | None = parent if parent is None or parent.look() else parent.above
        """The nearest foreign span around it that is an agent's work."""
        self.run = run
        self.session = session
        self.on_known = on_known
        self.kind = SPAN
        self.step_index: int | None = None
        self.is_genai = self.is_halted = False
        self.is_hidden = self.is_paired = False
        """For us alone, because others tell of the same call; found to be the same call as one that is."""
        self.is_replaced = False
        """Another tells of the same call from inside, and better: this one is left out."""
        self.has_inner = False
        """That one has told its tokens or why it failed."""
        self.merged: Call | None = None
        """The call around it that is the same one, and tells it."""
        self._known: OpenForeign | None = None
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
            self.kind = KIND_OF_OPERATION.get(operation_of(self.span.attributes), SPAN)
            if self.run is not None:
                self.run.is_live = True
            self.merged = self._find_same()
            if self.merged is None:
                self.step_index = next(self.state.steps)
                if self.on_known is not None:
                    self.on_known(self)
        return self.is_genai

    def _find_same(self) -> Call | None:
        """The call right around it that is this one, told by somebody else: a decorator, another instrumentor."""
        nearest = self.nearest()
        if nearest is None or nearest.end_ns is not None or nearest.kind is not self.kind:
            return None
        if self.kind in INFERENCE:
            if self.above is not None and self.above.merged is nearest and self.above.kind is self.kind:
                self.above.is_replaced = True  # the innermost of three tells it
                return nearest
            return nearest if isinstance(nearest, Operation) else None
        if self.kind is not AGENT or nearest.name != OpenForeign(self).name:
            return None
        scope = self.span.instrumentation_scope
        # An agent may well call another of its name: two of one instrumentor are two.
        return nearest if scope is None or nearest.scope != scope.name else None

    def known(self) -> Call:
        """What is known of the span so far, as what stands around other calls; the same object each time."""
        if self.merged is not None:
            return self.merged
        if self._known is None:
            self._known = OpenForeign(self)
        return self._known

    def nearest(self) -> Call | None:
        """The nearest call around the span."""
        return self.above.known() if self.above is not None else self.operation

    def parent_id(self) -> int | None:
        """The span under which it is told: its own parent, or what stands for that."""
        if self.parent is not None:
            return self.parent.shown_id()
        parent = self.span.parent
        return parent.span_id if parent else None

    def shown_id(self) -> int | None:
        """The span under which what is inside it is told."""
        if self.merged is not None:
            return self.merged.span_id
        return self.parent_id() if self.is_replaced else self.span.get_span_context().span_id

    def settle(self, call: Call) -> None:
        """Tell a call of this span which agent, group and session are around it."""
        nearest = self.nearest()
        call.session = join_sessions(call.session, self.session)
        if nearest is not None:
            call.session = join_sessions(call.session, nearest.session)
            call.agent = nearest if nearest.kind is AGENT else nearest.agent
            call.group = nearest if nearest.kind in GROUPS else nearest.group
            if call.agent_name is None and call.agent is not None:
                call.agent_name = call.agent.agent_name

    def own_session(self) -> Session | None:
        """The conversation that its span itself names."""
        conversation = (self.span.attributes or {}).get(genai.CONVERSATION_ID)
        return Session(conversation_id=conversation) if isinstance(conversation, str) else None

    def end(self, end_ns: int | None) -> None:
        """Its span has ended: what is opened from now on does not stand inside it."""
        if self._known is not None:
            self._known.end_ns = end_ns

    def halt(self) -> None:
        """A request inside was refused because the run is halted: what is around it ends with that."""
        place: Place | None = self
        while place is not None:
            place.is_halted = True
            place = place.above

    def totals_for(self, kind: Kind) -> AgentTotals | None:
        """Sums over what ended inside; None where nothing was seen there."""
        return self._known.totals if self._known is not None and kind in GROUPS else None

    def added_events(self) -> list[Event]:
        """What was noted about it while it ran."""
        return self._known.added if self._known is not None else []

    def inner_calls(self) -> list[Call] | None:
        """What another instrumentor told about the same call from inside it."""
        return self._known.inner if self._known is not None else None


def join_sessions(own: Session | None, around: Session | None) -> Session | None:
    """Whose conversation a call belongs to: what it says itself, and for the rest what is around it."""
    if own is None or around is None or own is around:
        return own or around
    return Session(
        own.id or around.id,
        own.user_id or around.user_id,
        own.conversation_id or around.conversation_id,
        own.tags or around.tags,
    )


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


def bare_call(span: ReadableSpan, place: Place) -> Call:
    """What is left of a span that could not be read: its times and where it stood, no text."""
    context = span.get_span_context()
    call = Call(
        SPAN,
        "unreadable",
        id=context.span_id if context else 0,
        trace_id=context.trace_id if context else 0,
        run_id=place.run_id,
        start_ns=span.start_time or 0,
    )
    call.end_ns = span.end_time
    call.parent_id = span.parent.span_id if span.parent else None
    return call
