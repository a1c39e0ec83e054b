"""A running set-up whose only sink is a list: ids count up, the clock steps, nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from opentelemetry.context import Context, attach, get_current
from opentelemetry.sdk.resources import Resource

from foretell.cost.prices import PriceBook
from foretell.export.counts import Counts
from foretell.instrument import state
from foretell.instrument.otel.spans import OwnSpans
from foretell.instrument.runtime import Runtime
from foretell.instrument.work.completing import add_totals, complete_facts, is_priced
from foretell.instrument.work.worker import Worker
from foretell.model.call import Call
from foretell.model.facts import Score
from foretell.model.log import LogRecord


class Recorder:
    """A sink that keeps what it is given, and the questions that tests ask of it."""

    name = "recorder"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.open: list[Call] = []
        self.scores: list[Score] = []
        self.logs: list[LogRecord] = []
        self.worker: Worker | None = None

    def take_open(self, calls: Sequence[Call]) -> None:
        self.open += calls

    def take(self, calls: Sequence[Call]) -> None:
        self.calls += calls

    def take_scores(self, scores: Sequence[Score]) -> None:
        self.scores += scores

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        self.logs += records

    def write(self) -> None:
        """Nothing to write."""

    def flush(self, timeout_s: float) -> bool:
        return True

    def close(self) -> None:
        """Nothing to close."""

    def after_fork(self) -> None:
        self.calls.clear()

    def ended(self) -> list[Call]:
        """Every call that has ended, in order of opening."""
        assert self.worker is not None
        assert self.worker.drain(5)
        return sorted(self.calls, key=lambda call: (call.start_ns, call.step_index or 0))

    def only(self) -> Call:
        (call,) = self.ended()
        return call

    def tree(self) -> dict[str, str | None]:
        """Name of each call → name of its parent."""
        calls = self.ended()
        names = {call.span_id: call.name for call in calls}
        return {call.name: names.get(call.parent_id) if call.parent_id else None for call in calls}


class SteppingIds:
    """Ids that count up."""

    def __init__(self) -> None:
        self._next = count(1)

    def bits(self, width: int) -> int:
        return next(self._next)

    def reseed(self) -> None:
        """Nothing random to renew."""


@pytest.fixture
def record() -> Iterator[Recorder]:
    """Records everything that the test's agents do."""
    recorder, open_calls, counts = Recorder(), {}, Counts()
    prices = PriceBook()

    def refine(calls: Sequence[Call]) -> None:
        from foretell.cost.refine import refine_costs

        complete_facts(calls)
        refine_costs(calls, prices, is_priced)
        add_totals(calls)

    worker = Worker(refine, [recorder], open_calls, counts)
    recorder.worker = worker
    clock = count(1_000_000, 1_000)
    runtime = Runtime(
        worker=worker,
        spans=OwnSpans(Resource({})),
        counts=counts,
        context_key="foretell-test",
        ids=SteppingIds(),  # type: ignore[arg-type]  # the same two methods
        tick_ns=lambda: next(clock),
        wall_ns=lambda: 1_700_000_000_000_000_000 + next(clock),
        open_calls=open_calls,
    )
    before = get_current()
    attach(Context())
    state.current = runtime
    yield recorder
    state.current = None
    attach(before)
    worker.close(5)
