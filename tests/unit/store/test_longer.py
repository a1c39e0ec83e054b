"""`min_duration_ms`: what is too short is not kept, unless it matters."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.kinds import Kind, Outcome
from foretell.store.writing.longer import OnlyLonger


class Given:
    """A sink that remembers what it was given."""

    name = "store"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def take(self, calls: list[Call]) -> None:
        self.calls += [call.name for call in calls]


def call(name: str, kind: Kind, took_ns: int, outcome: Outcome = Outcome.OK, parent: int | None = 1) -> Call:
    made = Call(kind, name, id=2, trace_id=3, run_id="0" * 16, start_ns=1_000)
    made.end_ns, made.outcome, made.parent_id = 1_000 + took_ns, outcome, parent
    return made


def test_short_calls_are_left_out_unless_they_matter() -> None:
    """Short tools go; failures, roots, agents and model calls stay, and so does what is long enough."""
    given = Given()
    OnlyLonger(given, 100).take(
        [
            call("short", Kind.TOOL, 99),
            call("long enough", Kind.TOOL, 100),
            call("failed", Kind.TOOL, 1, Outcome.ERROR),
            call("root", Kind.STEP, 1, parent=None),
            call("agent", Kind.AGENT, 1),
            call("model", Kind.LLM, 1),
        ]
    )

    assert ["long enough", "failed", "root", "agent", "model"] == given.calls


def test_everything_else_is_the_sinks_own() -> None:
    """Whoever asks for the sink's name gets it."""
    assert "store" == OnlyLonger(Given(), 100).name
