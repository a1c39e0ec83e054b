"""Sums per key, and what a collection hands over."""

from __future__ import annotations

import pytest

from foretell.export.metrics.points import Exemplar
from foretell.export.metrics.registry import OVERFLOW, SERIES_LIMIT, Metrics
from foretell.semconv.table import Metric

S = 1_000_000_000
CALLS = Metric("test.calls", "counter", "{call}", "Calls.")
OPEN = Metric("test.open", "updown", "{call}", "Open calls.")
AGE = Metric("test.age", "gauge", "s", "Age.")
DURATION = Metric("test.duration", "histogram", "s", "Duration.", buckets=(1.0, 2.0))
A = (("agent", "a"),)


class Clock:
    def __init__(self, now_ns=100 * S):
        self.now_ns = now_ns

    def __call__(self):
        return self.now_ns


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics(clock):
    return Metrics(clock)


def values(collected, name="test.calls"):
    return [point.value for metric in collected if metric.name == name for point in metric.points]


def test_a_counter_adds_up_per_attributes(metrics):
    """What is added under the same attributes is one number."""
    metrics.add(CALLS, A, 2)
    metrics.add(CALLS, A, 3)
    metrics.add(CALLS, (), 1)

    assert {A: 5, (): 1} == {p.attributes: p.value for p in metrics.read(101 * S)[0].points}


def test_the_order_of_attributes_does_not_matter(metrics):
    """Two orders of the same attributes are one series."""
    metrics.add(CALLS, (("a", "1"), ("b", "2")), 1)
    metrics.add(CALLS, (("b", "2"), ("a", "1")), 1)

    assert [2] == values(metrics.read(101 * S))


def test_a_points_names_and_times(metrics):
    """A collection carries the name, unit, description, kind and both times."""
    metrics.add(CALLS, A, 1)
    (found,) = metrics.read(130 * S)
    (point,) = found.points

    assert ("test.calls", "{call}", "Calls.", "counter", False) == (
        found.name,
        found.unit,
        found.description,
        found.kind,
        found.is_delta,
    )
    assert (100 * S, 130 * S) == (point.start_ns, point.time_ns)


def test_a_new_counter_is_first_exported_with_a_zero(metrics, clock):
    """A counter that is born at 1 has a 0 at its start, once."""
    clock.now_ns = 150 * S
    metrics.add(CALLS, A, 1)
    (first,) = metrics.collect(160 * S)
    (second,) = metrics.collect(220 * S)

    assert [(149 * S, 149 * S, 0), (149 * S, 160 * S, 1)] == [(p.start_ns, p.time_ns, p.value) for p in first.points]
    assert [(149 * S, 220 * S, 1)] == [(p.start_ns, p.time_ns, p.value) for p in second.points]


def test_the_zero_never_shares_a_millisecond_with_the_value(metrics):
    """A script that ends at once still has its zero before its value."""
    metrics.add(CALLS, A, 1)
    zero, point = metrics.collect(100 * S)[0].points

    assert zero.time_ns // 1_000_000 < point.time_ns // 1_000_000


def test_a_new_histogram_is_first_exported_with_a_zero(metrics):
    """Histograms are counters too."""
    metrics.record(DURATION, A, 1.5)
    zero, point = metrics.collect(110 * S)[0].points

    assert ((0, 0.0, (0, 0, 0)), (1, 1.5, (0, 1, 0))) == (
        (zero.count, zero.sum, zero.buckets),
        (point.count, point.sum, point.buckets),
    )


@pytest.mark.parametrize("metric", [AGE, OPEN])
def test_gauges_have_no_zero(metrics, metric):
    """A gauge was never 0: a heartbeat of 0 would be a goodbye."""
    metrics.set(metric, A, 7)

    assert [7] == values(metrics.collect(110 * S), metric.name)


def test_a_zero_is_of_the_type_of_its_value(metrics):
    """Money begins at 0.0, calls begin at 0."""
    metrics.add(CALLS, (("of", "money"),), 0.5)
    metrics.add(CALLS, (("of", "calls"),), 1)

    assert [float, float, int, int] == [type(value) for value in values(metrics.collect(110 * S))]


@pytest.mark.parametrize(("value", "bucket"), [(0.5, 0), (1.0, 0), (1.5, 1), (2.0, 1), (2.1, 2)])
def test_a_bucket_includes_its_upper_bound(metrics, value, bucket):
    """Bounds are inclusive, and the last bucket is open."""
    metrics.record(DURATION, A, value)

    assert 1 == metrics.read(110 * S)[0].points[0].buckets[bucket]


def test_each_bucket_keeps_its_newest_exemplar(metrics):
    """An exemplar leads from a bucket to the call that was measured, and is sent once."""
    metrics.record(DURATION, A, 0.5, (1, 10, 11))
    metrics.record(DURATION, A, 0.6, (2, 20, 21))
    metrics.record(DURATION, A, 9.0, (3, 30, 31))
    first = metrics.collect(110 * S)[0].points[-1]
    second = metrics.collect(120 * S)[0].points[-1]

    assert [Exemplar(0.6, 2, 20, 21), Exemplar(9.0, 3, 30, 31)] == list(first.exemplars)
    assert [] == list(second.exemplars)


def test_past_the_limit_series_share_one_point(metrics):
    """Names without end cannot eat the memory; nothing is lost from the sum."""
    for number in range(SERIES_LIMIT + 500):
        metrics.add(CALLS, (("id", str(number)),), 1)
    points = {point.attributes: point.value for point in metrics.read(110 * S)[0].points}

    assert SERIES_LIMIT + 1 == len(points)
    assert 500 == points[OVERFLOW]


def test_delta_says_what_was_added_since(clock):
    """With delta, each collection begins where the last one ended, and what did not move is left out."""
    metrics = Metrics(clock, "delta")
    metrics.add(CALLS, A, 2)
    metrics.record(DURATION, A, 1.0)
    metrics.collect(110 * S)
    metrics.add(CALLS, A, 3)
    (found,) = metrics.collect(120 * S)

    assert (True, [(110 * S, 120 * S, 3)]) == (
        found.is_delta,
        [(p.start_ns, p.time_ns, p.value) for p in found.points],
    )


def test_delta_of_a_histogram(clock):
    """Buckets and sum are subtracted too."""
    metrics = Metrics(clock, "Delta")
    metrics.record(DURATION, A, 1.0)
    metrics.collect(110 * S)
    metrics.record(DURATION, A, 5.0)
    (point,) = metrics.collect(120 * S)[0].points

    assert (1, 5.0, (0, 0, 1)) == (point.count, point.sum, point.buckets)


@pytest.mark.parametrize(
    ("temporality", "expected"),
    [
        ("cumulative", {"counter": False, "histogram": False, "updown": False, "observed": False}),
        ("delta", {"counter": True, "histogram": True, "updown": False, "observed": True}),
        ("lowmemory", {"counter": True, "histogram": True, "updown": False, "observed": False}),
    ],
)
def test_temporality_depends_on_the_kind(clock, temporality, expected):
    """As the specification of the preference says."""
    metrics = Metrics(clock, temporality)
    metrics.add(CALLS, A, 1)
    metrics.record(DURATION, A, 1.0)
    metrics.add(OPEN, A, 1)
    metrics.set_total(Metric("test.total", "counter", "s", ""), A, 1)
    found = {metric.name: metric.is_delta for metric in metrics.collect(110 * S)}

    assert expected == {
        "counter": found["test.calls"],
        "histogram": found["test.duration"],
        "updown": found["test.open"],
        "observed": found["test.total"],
    }


def test_an_unknown_temporality_is_refused(clock):
    """The message holds the words that are possible."""
    with pytest.raises(ValueError, match=r"'slow'.*cumulative, delta, lowmemory"):
        Metrics(clock, "slow")


def test_a_total_from_elsewhere_has_no_zero(metrics):
    """CPU time spent before we looked is not an increase."""
    metrics.set_total(CALLS, A, 50.0, is_from_zero=False)
    metrics.set_total(CALLS, A, 60.0, is_from_zero=False)

    assert [60.0] == values(metrics.collect(110 * S))


def test_a_total_from_elsewhere_is_no_delta(clock):
    """With delta too, only what came after the first look counts."""
    metrics = Metrics(clock, "delta")
    metrics.set_total(CALLS, A, 50.0, is_from_zero=False)
    metrics.set_total(CALLS, A, 60.0, is_from_zero=False)

    assert [10.0] == values(metrics.collect(110 * S))


def test_reading_changes_nothing(clock):
    """A pull endpoint may ask at any time; the export then still has its zero and its delta."""
    metrics = Metrics(clock, "delta")
    metrics.add(CALLS, A, 2)

    assert [2] == values(metrics.read(105 * S))
    assert [0, 2] == values(metrics.collect(110 * S))
    assert [2] == values(metrics.read(115 * S))


def test_a_child_does_not_repeat_its_parents_counts(metrics, clock):
    """After a fork everything begins at 0, and now."""
    metrics.add(CALLS, A, 5)
    clock.now_ns = 200 * S
    metrics.after_fork()
    metrics.add(CALLS, A, 1)
    zero, point = metrics.collect(210 * S)[0].points

    assert (200 * S, 0, 1) == (zero.time_ns, zero.value, point.value)


def test_a_histogram_is_not_added_to(metrics):
    """The wrong word for a kind is refused with the right one."""
    with pytest.raises(TypeError, match="histogram_series"):
        metrics.sum_series(DURATION, A)
    with pytest.raises(TypeError, match="sum_series"):
        metrics.histogram_series(CALLS, A)
