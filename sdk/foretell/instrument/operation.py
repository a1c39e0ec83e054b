"""The one life of every recorded call: open, facts, then finish or fail, once."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage
from opentelemetry.context import Context, attach, get_current

from foretell.cost.responses import add_response, take_response
from foretell.errors import FAULTS
from foretell.instrument.contexts import leave_context, live_context
from foretell.instrument.endings import describe_error, outcome_of
from foretell.instrument.otel.limits import put_attribute, put_event
from foretell.model.call import Call, Rare
from foretell.model.facts import AgentTotals
from foretell.model.kinds import AGENT, EMBEDDINGS, ERROR, LLM, OK, OPEN, TOOL, WORKFLOW, Outcome
from foretell.model.payload import is_cut, size_of
from foretell.payloads.taking.snapshot import take_arguments, take_copy, take_snapshot

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.instrument.runtime import Runtime
    from foretell.instrument.spec import Spec
    from foretell.model.facts import ErrorFacts

RUN_ID = "foretell.run.id"
"""The baggage entry that carries a run over threads, processes and HTTP."""
(BAGGAGE_KEY,) = baggage.set_baggage(RUN_ID, "", Context())
"""Where OpenTelemetry keeps the baggage in a context, learned through its public API: asking that each time costs more."""
SESSION = "foretell.session"
"""Where the current session stands in the OpenTelemetry context."""
PRIVATE_PARENT = "foretell.parent"
"""Where an isolated set-up keeps the span of another process under which it goes on."""

CALL_BYTES = 2_000
"""What a queued call takes beside the texts of its contents: 1.5 KB without any, 2.2 KB around contents of some lines."""

_INFERENCE = (LLM, EMBEDDINGS)
_GROUPS = (AGENT, WORKFLOW)


class RunState:
    """What all operations of one run share inside this process."""

    __slots__ = ("last_error", "steps")

    def __init__(self) -> None:
        """Start counting steps at 0."""
        self.steps = count()
        self.last_error: int | None = None


class Operation(Call):
    """A call that is being recorded. Get it from `with foretell.agent(...) as op` or `foretell.current_operation()`.

    Every method is safe to call at any time: after the end, facts are ignored, and nothing raises.
    """

    __slots__ = (
        "_anchor_ns",
        "chunk_times",
        "inner",
        "inside",
        "is_captured_in",
        "is_captured_out",
        "is_priced",
        "is_refined",
        "is_replayed",
        "is_stranded",
        "outside",
        "request",
        "run",
        "runtime",
        "size_bytes",
        "span",
        "spec",
    )

    inside: Context | None
    """The context in which this operation is current; None once it has been left."""
    outside: Context
    """The context to go back to."""
    owner: Rare[int] = Rare()
    """Identity of the object whose entry method this is."""
    chunk_times: list[int] | None
    """When each piece of a stream came, Unix nanoseconds; None where there was none."""
    span: Span | None
    """The OpenTelemetry span of this operation."""
    inner: list[Call] | None
    """Of a model call: what a foreign instrumentor told about the same call from inside it."""
    noted: Rare[ErrorFacts] = Rare()
    """The exception that the program recorded on the span last, in case it calls the span failed next."""

    def __init__(  # one assignment a slot: a call of super() costs more
        self, runtime: Runtime, spec: Spec, request: dict[str, Any] | None = None
    ) -> None:
        """Open an operation now and make it the current one."""
        self.runtime = runtime
        self.spec = spec
        self.kind = kind = spec.kind
        self.name = spec.name
        self.outcome = OPEN
        self.trace_flags = 1
        self.trace_state = ""
        self.size_bytes = CALL_BYTES
        self.end_ns = self.parent_id = self.session = self.facts = self.totals = self.usage = self.cost = None
        self.response = self.error = self.input = self.output = self.kept_input = self.kept_output = None
        self.rare = self.identity = self.rss_open_bytes = self.rss_close_bytes = self.span = None
        self.chunk_times = self.inner = None
        self.request = request
        self.version = spec.version
        self.parent_is_remote = self.is_stranded = self.is_refined = False
        capture = runtime.capture
        self.content_exported = capture.is_exported
        key = runtime.context_key
        outer = get_current()
        parent: Operation | None = outer.get(key)  # type: ignore[assignment]  # ours alone write there
        if parent is not None and parent.is_stranded:
            outer = live_context(outer, key)
            parent = outer.get(key)  # type: ignore[assignment]  # as above
        self.outside = outer
        self.id = self.span_id = runtime.ids.bits(64) or 1
        self.session = outer.get(SESSION)  # type: ignore[assignment]  # as above
        self._begin_run(outer) if parent is None else self._join_run(parent)
        if kind in _GROUPS:
            self.totals = AgentTotals()
            if kind is AGENT:
                self.agent_name = spec.name
                self.rss_open_bytes = runtime.rss_bytes()
        self._decide_capture(capture)
        values = runtime.spans.start(self, outer, parent)
        values[key] = self
        self.inside = Context(values)
        attach(self.inside)
        runtime.worker.opened(self)

    def _begin_run(self, outer: Context) -> None:
        self.run = RunState()
        self.agent = self.agent_name = None
        self.group = None
        self.is_priced = self.spec.is_priced
        self.is_replayed = self.spec.is_replayed
        self._anchor_ns = self.runtime.wall_ns() - (tick := self.runtime.tick_ns())
        self.start_ns = self._anchor_ns + tick
        held: Any = outer.get(BAGGAGE_KEY)
        carried = held.get(RUN_ID) if held else None
        self.run_id = carried if isinstance(carried, str) and len(carried) == 16 else f"{self.id:016x}"
        self.step_index = next(self.run.steps)

    def _join_run(self, parent: Operation) -> None:
        self.run = parent.run
        self.run_id = parent.run_id
        self.agent = parent if parent.kind is AGENT else parent.agent
        self.agent_name = parent.agent_name
        self.group = parent if parent.kind in _GROUPS else parent.group
        self.is_priced = parent.is_priced and self.spec.is_priced
        self.is_replayed = parent.is_replayed or self.spec.is_replayed
        # One wall-clock reading a run: a clock that is set meanwhile cannot bend durations or order.
        self._anchor_ns = parent._anchor_ns
        self.start_ns = self._anchor_ns + self.runtime.tick_ns()
        self.step_index = next(self.run.steps)

    def _decide_capture(self, capture: Any) -> None:
        spec = self.spec
        if capture.is_off:
            # A tool's arguments are still taken for its identity, by which loops are found; the worker keeps nothing.
            self.is_captured_in = self.kind is TOOL
            self.is_captured_out = False
        elif self.is_replayed:
            self.is_captured_in = self.is_captured_out = True
        else:
            self.is_captured_in = capture.inputs if spec.capture_inputs is None else spec.capture_inputs
            self.is_captured_out = capture.outputs if spec.capture_outputs is None else spec.capture_outputs

    def __bool__(self) -> bool:
        """Something is being recorded; the operation outside of any run says no."""
        return True

    # -- facts ---------------------------------------------------------------------------------------------------

    def set_input(self, value: Any) -> None:  # any object of the user's
        """Record what went in, as it is now; later changes to `value` do not change the record."""
        if self.is_captured_in and self.end_ns is None:
            self.input = taken = take_snapshot(value, self.runtime.capture.limit_bytes, is_sorted=True)
            self.size_bytes += size_of(taken)

    def set_output(self, value: Any) -> None:  # any object of the user's
        """Record what came out, as it is now. A model's response also gives usage, model and finish reasons."""
        if self.end_ns is not None:
            return
        if self.is_captured_out:
            self.output = taken = take_snapshot(value, self.runtime.capture.limit_bytes)
            self.size_bytes += len(taken) if type(taken) is bytes else size_of(taken)  # a call costs more than it does
        # A whole snapshot tells the worker usage and model too: only what it lacks is read on this thread.
        if self.kind in _INFERENCE and (self.output is None or is_cut(self.output)):
            self._take_response(value)

    def record_usage(
        self,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
    ) -> None:
        """Give token counts by hand. `input_tokens` counts all input, cached included; `output_tokens` all output."""
        given = locals()
        by_hand = {name: given[name] for name in given if name != "self" and given[name] is not None}
        if by_hand:
            self._add_response({"by_hand": by_hand})

    def set_attribute(self, key: str, value: Any) -> None:  # any attribute value
        """Add an attribute of your own to the record; it is redacted like everything else."""
        if self.end_ns is None:
            put_attribute(self, key, value)

    def add_event(self, name: str, /, **fields: Any) -> None:  # any attribute values
        """Record a named moment with fields of your own."""
        if self.end_ns is None:
            put_event(self, name, fields, self.now_ns)

    def record_validation(self, name: str, passed: bool, /, **fields: Any) -> None:  # any attribute values
        """Record that an output was checked: a `foretell.validation` event with `name` and `passed`."""
        self.add_event("foretell.validation", name=name, passed=passed, **fields)

    def record_error(self, error: BaseException) -> None:
        """Record an error that the program handled itself; the operation ends as failed unless it fails otherwise."""
        if self.end_ns is None:
            self.error = describe_error(error, with_stack=True)

    def chunk(self, value: Any = None) -> None:  # any chunk of a stream
        """Note that a piece of a stream arrived: times the first and each next one, and keeps its content."""
        if self.end_ns is not None:
            return
        if self.chunk_times is None:
            self.chunk_times = [self.now_ns]
        else:
            self.chunk_times.append(self.now_ns)
        if value is not None and self.kind in _INFERENCE:
            self._take_response(value)

    # -- endings -------------------------------------------------------------------------------------------------

    def finish(self, result: Any = None, *, end_ns: int | None = None) -> None:  # whatever the callable returned
        """End well, once; `result` is recorded as the output unless one was set already. `end_ns`: not now, but then."""
        if self.end_ns is not None:
            return
        end_ns = end_ns or self.now_ns
        if self.inside is not None:
            leave_context(self)
        if result is not None and self.output is None:
            self.set_output(result)
        self._end(end_ns, OK if self.error is None else ERROR)

    def fail(self, error: BaseException) -> None:
        """End with the error that is about to go on to the caller; the error itself is left alone."""
        if self.end_ns is not None:
            return
        end_ns = self.now_ns
        leave_context(self)
        outcome = outcome_of(error)
        if outcome is not OK:
            # The same error passing through several operations brings its stack once, with the innermost.
            self.error = describe_error(error, with_stack=self.run.last_error != id(error))
            self.run.last_error = id(error)
        elif self.error is not None:
            outcome = ERROR
        self._end(end_ns, outcome)

    def _end(self, end_ns: int, outcome: Outcome) -> None:
        self.outcome = outcome
        if self.kind is AGENT:
            self.rss_close_bytes = self.runtime.rss_bytes()
        self.end_ns = end_ns
        try:
            self.runtime.spans.end(self)
        except Exception as error:  # the application's own provider may do anything: the record goes on without it
            FAULTS.note("span.end", error)
        self.runtime.worker.ended(self)

    @property
    def now_ns(self) -> int:
        """Unix nanoseconds by the run's one reading of the wall clock."""
        try:
            now_ns = self._anchor_ns + self.runtime.tick_ns()
        except Exception as error:  # a broken clock costs the duration, not the record
            FAULTS.note("clock", error)
            return self.start_ns
        return now_ns if now_ns > self.start_ns else self.start_ns  # noqa: FURB136  # max() takes five times as long

    def _take_response(self, value: Any) -> None:
        if self.response:
            add_response(self.response, value)
        elif (skeleton := take_response(value)) is not None:
            self.response = [skeleton]

    def _add_response(self, skeleton: dict[str, Any]) -> None:
        if self.end_ns is None:
            self.response = [*(self.response or ()), skeleton]


def open_call(runtime: Runtime, spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Operation:
    """Open the operation of a decorated callable and record its arguments.

    Where the run is held this waits, or raises `RunHalted`: then the operation has ended, and is current no more.
    """
    request = take_request(kwargs) if kwargs and spec.kind in _INFERENCE else None
    operation = Operation(runtime, spec, request)
    if operation.is_captured_in and (args or kwargs):
        parameters = spec.parameters
        captured = take_arguments(parameters.names, args, kwargs, parameters.skip_first, runtime.capture.limit_bytes)
        operation.input = captured
        operation.size_bytes += len(captured) if type(captured) is bytes else size_of(captured)  # as above
    if runtime.gate is not None:
        runtime.gate(operation)
    return operation


REQUEST_PARAMETERS = frozenset(
    (
        "model",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "frequency_penalty",
        "presence_penalty",
        "seed",
        "stream",
        "n",
        "stop",
    )
)


REQUEST_CHARS = 1_024
"""Longest text of a request's parameter: a prompt that was given as a model's name must not become a label."""


def take_request(kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The parameters of a model call that the conventions name, out of its keyword arguments."""
    found = {key: kwargs[key] for key in REQUEST_PARAMETERS & kwargs.keys()}
    # Not isinstance: it asks `__class__`, which may be the user's own code. Neither may a subclass's own methods run.
    kept = {
        key: v if type(v) is str and len(v) <= REQUEST_CHARS else take_copy(v, REQUEST_CHARS).value
        for key, v in found.items()
        if issubclass(type(v), (str, int, float, list))
    }
    return kept or None
