"""From finished calls to what the exporter is given."""

from __future__ import annotations

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from foretell.export.counts import Counts
from foretell.export.otlp.events import encode_log_record, encode_score
from foretell.export.span_sink import PART_ITEMS, SpanSink
from foretell.model.facts import Score
from foretell.model.kinds import Kind
from foretell.model.log import LogRecord
from tests.unit.export.some_calls import make_call, make_calls


class Given:
    """In place of an exporter: notes what it is given."""

    def __init__(self):
        self.parts = []
        self.hurries = 0

    def submit(self, signal, part, items):
        """Note."""
        body = b"".join(part.pieces)
        assert len(body) == part.size
        self.parts.append((signal, body, items))
        return True

    def hurry(self):
        """Note."""
        self.hurries += 1

    def flush(self, timeout_s):
        """All is done."""
        return True

    def spans(self):
        """Every span."""
        return [s for signal, body, _ in self.parts if signal == "traces" for s in ScopeSpans.FromString(body).spans]

    def logs(self):
        """Every log record."""
        return [r for signal, body, _ in self.parts if signal == "logs" for r in ScopeLogs.FromString(body).log_records]


def run(calls, **options):
    """Take and write; returns what was given."""
    given = Given()
    sink = SpanSink(given, Counts(), **options)
    sink.take(calls)
    sink.write()
    return given


def test_sampled_calls_are_handed_over_as_spans():
    """In order, in one piece."""
    calls = make_calls()
    given = run(calls)

    assert [call.span_id for call in calls] == [int.from_bytes(span.span_id, "big") for span in given.spans()]
    assert [("traces", len(calls))] == [(signal, items) for signal, _, items in given.parts]


def test_what_is_not_sampled_is_not_sent():
    """The decision was the trace's."""
    given = run([make_call(number=1, trace_flags=0), make_call(number=2)])

    assert [2] == [int.from_bytes(span.span_id, "big") for span in given.spans()]


def test_many_calls_become_pieces_that_make_batches():
    """No piece is so large that batches cannot be made of them."""
    given = run([make_call(number=n, parent_id=1) for n in range(2, 302)])

    assert [PART_ITEMS, PART_ITEMS, 300 - 2 * PART_ITEMS] == [items for _, _, items in given.parts]


def test_the_end_of_a_run_is_hurried():
    """Somebody may be looking; a call inside a run can wait."""
    assert 1 == run([make_call(number=1)]).hurries
    assert 0 == run([make_call(number=2, parent_id=1)]).hurries


def test_log_records_are_made_only_where_logs_are_sent():
    """Details of the inference, beside its span."""
    assert [] == run([make_call(Kind.LLM)]).logs()
    (record,) = run([make_call(Kind.LLM)], has_events=True, encode_score=encode_score).logs()

    assert "gen_ai.client.inference.operation.details" == record.event_name


def test_scores_become_evaluation_events():
    """Feedback is a log record of its own."""
    given = Given()
    sink = SpanSink(given, Counts(), has_events=True, encode_score=encode_score)
    sink.take_scores([Score("helpful", 1.0, time_ns=5)])

    assert sink.flush(1)
    assert ["gen_ai.evaluation.result"] == [record.event_name for record in given.logs()]


def test_the_models_window_gives_its_utilisation():
    """Where the window is known."""
    (span,) = run([make_call(Kind.LLM)], context_window=lambda provider, model: 1000).spans()
    found = {pair.key: pair.value for pair in span.attributes}

    assert 1000 == found["foretell.context.limit"].int_value
    assert 0.155 == found["foretell.context.utilization"].double_value


def test_a_call_that_cannot_be_encoded_costs_only_itself():
    """The others are sent, the loss is counted, and the fault is told."""
    given, counts = Given(), Counts()
    sink = SpanSink(given, counts)
    with pytest.raises(TypeError):
        sink.take([make_call(number=1), make_call(number=2, links=5), make_call(number=3)])
    sink.write()

    assert [1, 3] == [int.from_bytes(span.span_id, "big") for span in given.spans()]
    assert {("traces", "encoding"): 1} == counts.snapshot()["dropped"]


def test_a_forked_child_does_not_send_what_the_parent_noted():
    """And closing hands over what is left."""
    given = Given()
    sink = SpanSink(given, Counts())
    sink.take([make_call(number=1)])
    sink.after_fork()
    sink.take([make_call(number=2)])
    sink.close()

    assert [2] == [int.from_bytes(span.span_id, "big") for span in given.spans()]


def test_log_lines_become_log_records_with_ids_and_source():
    """Whether their trace is sampled or not; our attributes win over the program's of the same name."""
    given = Given()
    sink = SpanSink(given, Counts(), encode_log=encode_log_record)
    line = LogRecord(
        5, 13, "WARNING", "slow", None, {"n": 1, "foretell.run.id": "x"}, "tool", 7, 9, "a" * 16, "desk", 1
    )
    sink.take_logs([line, LogRecord(6, 9, "INFO", "", "foretell.finding", trace_id=None)])
    sink.write()
    slow, event = given.logs()

    assert (5, 5, 13, "WARNING", "slow", 7, 9, 1) == (
        slow.time_unix_nano, slow.observed_time_unix_nano, slow.severity_number, slow.severity_text,
        slow.body.string_value, int.from_bytes(slow.trace_id, "big"), int.from_bytes(slow.span_id, "big"), slow.flags,
    )  # fmt: skip
    assert {"n": 1, "foretell.run.id": "a" * 16, "foretell.log.source": "tool", "foretell.log.logger": "desk"} == {
        pair.key: pair.value.int_value or pair.value.string_value for pair in slow.attributes
    }
    assert ("foretell.finding", b"", b"") == (event.event_name, event.trace_id, event.span_id)


def test_log_lines_are_sent_only_where_logs_are():
    """Without an encoder there is nobody who takes them."""
    given = Given()
    sink = SpanSink(given, Counts())
    sink.take_logs([LogRecord(5, 13, "WARNING", "slow")])
    sink.write()

    assert [] == given.parts
