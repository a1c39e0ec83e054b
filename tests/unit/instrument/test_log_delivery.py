"""How log records get from the queue to the sinks: in order, in parts, within bounds."""

from __future__ import annotations

import pytest

from foretell.export.counts import Counts
from foretell.instrument.work.delivery import LOG_BATCH, Delivery
from foretell.instrument.work.queue_limits import Limits
from foretell.instrument.work.worker import Worker
from foretell.model.log import LogRecord


class Steps:
    """A sink that notes what it is asked for."""

    name = "steps"

    def __init__(self):
        self.steps = []

    def take_logs(self, records):
        self.steps.append([record.time_ns for record in records])

    def write(self):
        self.steps.append("write")


def lines(count, body="hi"):
    return [LogRecord(number, 9, "INFO", body) for number in range(count)]


def test_a_burst_is_given_in_parts_each_written_before_the_next():
    sink = Steps()
    delivery = Delivery([sink], Counts())
    delivery.logs.extend(lines(2 * LOG_BATCH + 1))
    delivery.deliver()
    first, write, second, _, third, _ = sink.steps

    assert (LOG_BATCH, "write", LOG_BATCH, 1) == (len(first), write, len(second), len(third))
    assert list(range(2 * LOG_BATCH + 1)) == first + second + third


def test_what_cannot_be_refined_reaches_no_sink():
    """And is counted."""

    def fail(records):
        raise ValueError

    sink, counts = Steps(), Counts()
    delivery = Delivery([sink], counts, fail)
    delivery.logs.extend(lines(3))
    delivery.deliver()

    assert (["write"], 3) == (sink.steps, counts.total("dropped", "logs"))


@pytest.mark.parametrize(
    ("limits", "kept"), [(Limits(max_items=5), 5), (Limits(max_bytes=4_999), 4), (Limits(max_bytes=5_000), 5)]
)
def test_past_its_limit_in_number_or_bytes_a_record_is_dropped_and_counted(limits, kept):
    counts = Counts()
    worker = Worker(lambda calls: None, [], {}, counts, limits)
    worker.close(1, for_good=True)  # nobody takes anything out
    record = LogRecord(1, 9, "INFO", "x" * (1_250 - LogRecord(1, 9, "INFO", "").size_bytes))
    for _ in range(10):
        worker.put_log(record)

    assert 10 - kept == counts.total("dropped", "logs")


def test_the_size_of_a_record_counts_all_its_texts():
    """Those inside of others, too."""
    empty = LogRecord(1, 9, "INFO", "").size_bytes
    full = LogRecord(1, 9, "INFO", "x" * 10, attributes={"k": "x" * 5, "deep": [{"n": "x" * 20, "m": 1}], "none": None})

    assert 10 + 1 + 5 + 4 + 1 + 20 + 1 + 8 + 4 + 8 == full.size_bytes - empty
