"""Awkward log records as the official SDK holds them."""

from __future__ import annotations

import warnings

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.trace import SpanContext, TraceFlags, TraceState

from tests.unit.export.otlp.otlp_oracle import (
    RESOURCES,
    SCOPES,
    START_NS,
    any_attributes,
    any_content,
    any_text,
    repaired,
)


def any_pair(random):
    """A log record as the SDK holds it, and as the official encoder can take it."""
    facts = {
        "timestamp": random.choice((None, START_NS)),
        "observed_timestamp": START_NS + 5,
        "severity_number": random.choice((None, *SeverityNumber)),
        "severity_text": random.choice((None, "INFO", "ä")),
        "body": any_content(random),
        "attributes": any_attributes(random),
        "event_name": random.choice((None, "an.event", any_text(random))),
    }
    ids = random.choice(((0, 0, 0), (random.getrandbits(128), random.getrandbits(64), 1)))
    place = (random.choice(RESOURCES), random.choice(SCOPES))
    return tuple(_readable(values, ids, *place) for values in (facts, {k: repaired_fact(v) for k, v in facts.items()}))


def repaired_fact(value):
    """Enumerations stay as they are."""
    return value if isinstance(value, SeverityNumber) else repaired(value)


def _readable(facts, ids, resource, scope):
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context

    trace_id, span_id, flags = ids
    span = NonRecordingSpan(SpanContext(trace_id, span_id, False, TraceFlags(flags), TraceState()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = LogRecord(**facts, context=set_span_in_context(span))
    return ReadableLogRecord(record, resource, scope)
