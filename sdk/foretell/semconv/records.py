"""Log records that belong to calls: an inference's details, a client operation's exception, a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import Score
from foretell.model.kinds import Kind
from foretell.model.log import LogRecord
from foretell.semconv import genai, own
from foretell.semconv.encode import ERROR, exception_fields, span_attributes, span_kind, span_status
from foretell.semconv.spans import DETAILS, EVALUATION, EXCEPTION

_CLIENT_KINDS = frozenset({Kind.LLM, Kind.EMBEDDINGS, Kind.RETRIEVER, Kind.MEMORY})
_CONTENTS = frozenset({genai.SYSTEM_INSTRUCTIONS, genai.INPUT_MESSAGES, genai.OUTPUT_MESSAGES, genai.TOOL_DEFINITIONS})


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A log record with an event name; all its data are attributes, there is no body."""

    name: str
    time_ns: int
    severity_number: int
    severity_text: str
    attributes: dict[str, Any]
    """Values may be structured: lists and dictionaries of built-ins."""
    trace_id: int = 0
    span_id: int = 0
    trace_flags: int = 1


def log_events(call: Call, attributes: dict[str, Any] | None = None) -> list[LogEvent]:
    """Return the events of a finished call: details of an inference, and the exception of a failed client operation.

    Pass the `attributes` that were made for the span, so that they are not made twice; they are not changed.
    """
    if call.kind not in _CLIENT_KINDS:
        return []
    events = []
    if call.kind is Kind.LLM:
        events.append(_details(call, span_attributes(call) if attributes is None else attributes))
    if call.error is not None and span_status(call)[0] == ERROR and span_kind(call) == "client":
        number, severity = EXCEPTION.severity_number or 0, EXCEPTION.severity or ""
        events.append(_event(call, EXCEPTION.name, number, severity, exception_fields(call.error)))
    return events


def score_event(score: Score, trace_id: int = 0) -> LogEvent:
    """Return the evaluation event of a piece of feedback; it belongs to the span that it judges, where that is known."""
    attributes: dict[str, Any] = {genai.EVALUATION_NAME: score.name}
    if score.value is not None:
        attributes[genai.EVALUATION_VALUE] = float(score.value)
    if score.label is not None:
        attributes[genai.EVALUATION_LABEL] = score.label
    if score.comment is not None:
        attributes[genai.EVALUATION_EXPLANATION] = score.comment
    if score.run_id is not None:
        attributes[own.RUN_ID] = score.run_id
    # Upstream gives this event no severity; 9 is INFO, which is what a record without one is taken for.
    return LogEvent(EVALUATION.name, score.time_ns, 9, "INFO", attributes, trace_id, score.span_id or 0)


def record_attributes(record: LogRecord) -> dict[str, Any]:
    """Return the attributes of a log line: its own, then ours, which win over any of the same name."""
    attributes: dict[str, Any] = {**record.attributes, own.LOG_SOURCE: record.source}
    if record.logger:
        # The conventions keep a logger's name in the scope; all our records share one.
        attributes[own.LOG_LOGGER] = record.logger
    if record.run_id is not None:
        attributes[own.RUN_ID] = record.run_id
    return attributes


def _details(call: Call, attributes: dict[str, Any]) -> LogEvent:
    """What the span says, without its contents: they are long, and the span has them."""
    told = {name: value for name, value in attributes.items() if name not in _CONTENTS}
    number, severity = DETAILS.severity_number or 0, DETAILS.severity or ""
    return _event(call, DETAILS.name, number, severity, told)


def _event(call: Call, name: str, number: int, severity: str, attributes: dict[str, Any]) -> LogEvent:
    time_ns = call.end_ns or call.start_ns
    return LogEvent(name, time_ns, number, severity, attributes, call.trace_id, call.span_id, call.trace_flags)
