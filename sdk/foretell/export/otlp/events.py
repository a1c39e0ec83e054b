"""Log records as OTLP: lines of a log, and what is said about calls (details, a client operation's exception, a score)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.export.otlp.logs import encode_log
from foretell.semconv.records import LogEvent, log_events, record_attributes, score_event

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord


def encode_log_events(call: Call, attributes: dict[str, Any] | None = None) -> list[bytes]:
    """Encode the events of a finished call as fields of a scope; `attributes` are its span's, if made already."""
    return [encode_event_record(event) for event in log_events(call, attributes)]


def encode_score(score: Score) -> bytes:
    """Encode a piece of feedback as a field of a scope."""
    return encode_event_record(score_event(score))


def encode_log_record(record: LogRecord) -> bytes:
    """Encode a line of a log as a field of a scope."""
    return encode_log(
        record.time_ns,
        record.time_ns,
        record.body,
        record_attributes(record),
        severity_number=record.severity_number,
        severity_text=record.severity_text,
        event_name=record.event_name,
        trace_id=record.trace_id,
        span_id=record.span_id,
        flags=record.trace_flags,
    )


def encode_event_record(event: LogEvent) -> bytes:
    """Encode one event as a field of a scope."""
    return encode_log(
        event.time_ns,
        event.time_ns,
        None,
        event.attributes,
        severity_number=event.severity_number,
        severity_text=event.severity_text,
        event_name=event.name,
        trace_id=event.trace_id,
        span_id=event.span_id,
        flags=event.trace_flags,
    )
