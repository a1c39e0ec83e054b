"""Budgets and event loops as gauges."""

from __future__ import annotations

import pytest

from foretell.export.metrics.registry import Metrics
from foretell.model.kinds import Kind
from foretell.model.samples import LoopSample
from foretell.model.usage import Cost, Usage
from foretell.setup.observing import Budgets, Pulses, start_of_day, start_of_month
from foretell.store.store import Store
from foretell.store.writing.writer import StoreSink
from tests.support.stores import Maker

S = 1_000_000_000
NOON = 1_763_726_400 * S  # 2025-11-21 12:00 UTC
DAY, MONTH = (("period", "day"),), (("period", "month"),)


def read(metrics, name):
    """Attributes → value of a gauge."""
    return {
        point.attributes: point.value for metric in metrics.read(NOON) if metric.name == name for point in metric.points
    }


@pytest.fixture
def store(tmp_path):
    """A store with a run of today, one of this month and one of the month before, a dollar each."""
    store = Store.open(tmp_path, now_ns=lambda: NOON)
    sink = StoreSink(store, service_name="shop")
    make = Maker()
    for start_ns in (NOON - 60 * S, NOON - 3 * 86_400 * S, NOON - 30 * 86_400 * S):
        root = make.root(start_ns=start_ns)
        llm = make.below(
            root, Kind.LLM, "chat", start_ns=start_ns, usage=Usage(10, output=5), cost=Cost(1.0, "reported")
        )
        sink.take([make.end(llm), make.end(root)])
    assert sink.flush(10)
    yield store
    store.close()


def test_budgets_stand_beside_what_is_spent_of_them(store):
    """By day and month, of all that is in the store."""
    metrics = Metrics(lambda: NOON)
    Budgets({"day_usd": 10.0, "month_usd": 300.0}, store).observe(metrics, NOON)

    assert {DAY: 10.0, MONTH: 300.0} == read(metrics, "foretell.budget.limit")
    assert {DAY: 1.0, MONTH: 2.0} == read(metrics, "foretell.budget.spent")


def test_without_a_store_nobody_knows_what_is_spent():
    """Unknown is no 0."""
    metrics = Metrics(lambda: NOON)
    Budgets({"day_usd": 10.0, "month_usd": 300.0}, None).observe(metrics, NOON)

    assert {} == read(metrics, "foretell.budget.spent")


def test_days_and_months_begin_at_midnight():
    """In UTC, whatever the machine's zone."""
    assert NOON - 12 * 3_600 * S == start_of_day(NOON)
    assert NOON - 20 * 86_400 * S - 12 * 3_600 * S == start_of_month(NOON)


def sample(loop_id, answered_s, *, is_ended=False):
    """A loop that answered so many seconds before noon."""
    return LoopSample(NOON, loop_id, NOON - answered_s * S, 1, is_ended=is_ended)


def test_the_loop_that_is_silent_longest_speaks_for_its_role():
    """And once all have ended, it is told with a 0."""
    metrics, pulses = Metrics(lambda: NOON), Pulses()
    for loop_id, answered_s in ((1, 0), (2, 9)):
        pulses.note(sample(loop_id, answered_s), "main")
    pulses.observe(metrics, NOON)
    main = (("thread.role", "main"),)

    assert {main: (NOON - 9 * S) / 1e9} == read(metrics, "foretell.event_loop.heartbeat.time")
    for loop_id in (1, 2):
        pulses.note(sample(loop_id, 0, is_ended=True), "main")
    pulses.observe(metrics, NOON)
    assert {main: 0} == read(metrics, "foretell.event_loop.heartbeat.time")
