"""Durations that no call tells: from any thread to the metrics."""

from __future__ import annotations

import os

import pytest

from foretell.export.metrics.measures import WAITING_LIMIT, Measures
from foretell.export.metrics.registry import Metrics
from foretell.semconv.table import Metric

DURATION = Metric("test.duration", "histogram", "s", "Duration.", buckets=(1.0, 2.0))
LABELS = (("side", "client"),)


@pytest.fixture
def metrics():
    return Metrics(lambda: 1)


def counts(metrics):
    return [(point.attributes, point.count) for metric in metrics.read(2) for point in metric.points]


def test_what_was_measured_is_added_once(metrics):
    measures = Measures()
    measures.take(DURATION, LABELS, 0.5)
    measures.take(DURATION, LABELS, 1.5)
    for _ in range(2):
        measures.observe(metrics, 1)

    assert [(LABELS, 2)] == counts(metrics)


def test_a_forked_child_leaves_to_its_parent_what_that_has_measured(metrics):
    measures = Measures()
    measures.take(DURATION, LABELS, 0.5)
    child = os.fork()
    if child == 0:
        measures.observe(metrics, 1)
        os._exit(len(counts(metrics)))

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    measures.observe(metrics, 1)
    assert [(LABELS, 1)] == counts(metrics)


def test_no_more_wait_than_a_bound(metrics):
    """Where nobody collects, for example."""
    measures = Measures()
    for _ in range(WAITING_LIMIT + 5):
        measures.take(DURATION, LABELS, 0.5)
    measures.observe(metrics, 1)

    assert [(LABELS, WAITING_LIMIT)] == counts(metrics)


def test_what_waits_is_forgotten_when_recording_begins(metrics):
    measures = Measures()
    measures.take(DURATION, LABELS, 0.5)
    measures.clear()
    measures.observe(metrics, 1)

    assert [] == counts(metrics)
