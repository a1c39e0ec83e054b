"""One recorded call: the object that walks the whole road, from decorator to sink to reader to face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from foretell.model.kinds import OPEN, Kind, Outcome
from foretell.model.payload import open_kept

if TYPE_CHECKING:
    from foretell.model.facts import (
        AgentTotals,
        ErrorFacts,
        Event,
        InferenceFacts,
        Link,
        MemoryFacts,
        RetrievalFacts,
        Session,
        ToolFacts,
    )
    from foretell.model.payload import Kept, Payload, Taken
    from foretell.model.usage import Cost, Usage

T = TypeVar("T")


class Rare(Generic[T]):
    """An attribute that is None for most objects of a class, and stands in the dictionary `rare` where it is not.

    Slots cost each object that has them: to set, and each time that the garbage collector looks through it.
    """

    __slots__ = ("_name",)

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Rare[T]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> T | None: ...
    def __get__(self, instance: Any, owner: type) -> Rare[T] | T | None:
        """The value, None where there is none."""
        if instance is None:
            return self
        rare = instance.rare
        return None if rare is None else rare.get(self._name)

    def __set__(self, instance: Any, value: T | None) -> None:
        """Put a value there, or with None take it away."""
        rare = instance.rare
        if rare is None:
            if value is not None:
                instance.rare = {self._name: value}
        elif value is None:
            rare.pop(self._name, None)
        else:
            rare[self._name] = value  # in place: threads may set different ones at once


class Call:
    """What is known of one call. Mutable while it is open and while the worker refines it; then left alone.

    Times are Unix nanoseconds, ids are unsigned integers (`span_id` 64 bits, `trace_id` 128 bits);
    None means unknown, never "no".
    """

    __slots__ = (
        "agent",
        "agent_name",
        "content_exported",
        "cost",
        "end_ns",
        "error",
        "facts",
        "group",
        "id",
        "identity",
        "input",
        "kept_input",
        "kept_output",
        "kind",
        "name",
        "outcome",
        "output",
        "parent_id",
        "parent_is_remote",
        "rare",
        "response",
        "rss_close_bytes",
        "rss_open_bytes",
        "run_id",
        "session",
        "span_id",
        "start_ns",
        "step_index",
        "totals",
        "trace_flags",
        "trace_id",
        "trace_state",
        "usage",
        "version",
    )

    kind: Kind
    name: str
    """Bare name of the agent, tool or function; `semconv.encode` makes the span's name of it and of the facts."""
    title: Rare[str] = Rare()
    """What the program renamed the span to; None for the name that the conventions give."""
    id: int
    """Our own id. Where we own the provider it is the span's id too."""
    span_id: int
    """The id under which the span is exported; the application's own where its provider is used."""
    trace_id: int
    parent_id: int | None
    """`span_id` of the parent, whoever made it; None for the root of a trace."""
    parent_is_remote: bool | None
    """Whether the parent is in another process; None where nobody told."""
    run_id: str
    """16 hex digits: the root operation's `id`."""
    start_ns: int
    end_ns: int | None
    """None while the call is open."""
    outcome: Outcome
    step_index: int | None
    """How many calls of the run were opened before this one."""
    agent: Call | None
    """The nearest agent around this call (not the call itself); only inside the recording process."""
    group: Call | None
    """The nearest agent or workflow around this call, whose totals it adds to; only inside the recording process."""
    agent_name: str | None
    """Name of that agent, or of this call if it is one."""
    session: Session | None
    facts: InferenceFacts | ToolFacts | RetrievalFacts | MemoryFacts | None
    """Of the kind that fits `kind`; None for agents, workflows, plans, steps and foreign spans."""
    totals: AgentTotals | None
    """Of agents and workflows."""
    usage: Usage | None
    cost: Cost | None
    response: Any  # raw skeleton(s) of the model's response, read by cost/ in the worker, then None
    error: ErrorFacts | None
    input: Taken | None
    output: Taken | None
    kept_input: Kept | None
    """`input` after privacy and payloads, in the form that costs least; `input_payload` is easier to use."""
    kept_output: Kept | None
    content_exported: bool
    """True where the payloads may leave the machine (`content="export"`)."""
    attributes: Rare[dict[str, Any]] = Rare()
    """What the user or a foreign instrumentor set beside our facts, redacted by the worker."""
    events: Rare[list[Event]] = Rare()
    links: Rare[list[Link]] = Rare()
    dropped: Rare[tuple[int, int, int]] = Rare()
    """How many attributes, events and links were over a span's limits; None where none was."""
    identity: str | None
    """Keyed hash of name and unredacted input: finds repeats without the content."""
    rss_open_bytes: int | None
    rss_close_bytes: int | None
    version: str | None
    """Of the agent, as its author gave it."""
    trace_flags: int
    trace_state: str
    span_kind: Rare[str] = Rare()
    """Of foreign spans only (`client`, `server`, `producer`, `consumer`, `internal`)."""
    scope: Rare[str] = Rare()
    """Name of the foreign instrumentation that made the span; None for our own."""
    rare: dict[str, Any] | None
    """What few calls have (`Rare`), by name; None where there is nothing, which is asked once instead of seven times."""

    def __init__(self, kind: Kind, name: str, *, id: int, trace_id: int, run_id: str, start_ns: int) -> None:
        """Make an open call of which nothing more is known."""
        self.kind = kind
        self.name = name
        self.id = self.span_id = id
        self.trace_id = trace_id
        self.run_id = run_id
        self.start_ns = start_ns
        self.outcome = OPEN
        self.trace_flags = 1
        self.trace_state = ""
        self.content_exported = False
        self.end_ns = self.parent_id = self.step_index = self.agent = self.agent_name = None
        self.session = self.facts = self.totals = self.usage = self.cost = self.response = self.error = None
        self.input = self.output = self.kept_input = self.kept_output = None
        self.identity = self.rss_open_bytes = self.rss_close_bytes = self.version = None
        self.group = self.parent_is_remote = self.rare = None

    @property
    def input_payload(self) -> Payload | None:
        """`input` after privacy and payloads: the only form of it that may be shown, kept or sent."""
        return open_kept(self.kept_input)

    @input_payload.setter
    def input_payload(self, payload: Payload | None) -> None:
        self.kept_input = payload

    @property
    def output_payload(self) -> Payload | None:
        """`output` after privacy and payloads."""
        return open_kept(self.kept_output)

    @output_payload.setter
    def output_payload(self, payload: Payload | None) -> None:
        self.kept_output = payload

    @property
    def duration_s(self) -> float | None:
        """Seconds from opening to end; None while open."""
        return None if self.end_ns is None else (self.end_ns - self.start_ns) / 1e9

    @property
    def is_root(self) -> bool:
        """True for the operation whose id is the run's."""
        return self.run_id == f"{self.id:016x}"

    def __repr__(self) -> str:
        """Kind, name, outcome and ids, for people."""
        return f"<Call {self.kind.value} {self.name!r} {self.outcome.value} {self.id:016x} run {self.run_id}>"
