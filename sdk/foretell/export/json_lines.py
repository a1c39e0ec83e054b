"""Writes finished calls to a file that every OTLP reader understands: one export request in JSON per line."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from json import JSONEncoder
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.calls import flags_of
from foretell.export.otlp.wire import INT64_MAX, INT64_MIN, TOO_DEEP, describe, utf8
from foretell.semconv.encode import SPAN_KINDS, span_attributes, span_events, span_kind, span_name, span_status
from foretell.semconv.records import record_attributes, score_event

if TYPE_CHECKING:
    from io import FileIO

    from foretell.model.call import Call
    from foretell.model.facts import Event, Link, Score
    from foretell.model.log import LogRecord
    from foretell.semconv.records import LogEvent

Json = dict[str, Any]
DEPTH_LIMIT = 40
_write_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class JsonLinesWriter:
    """Appends each batch of calls as one line (protocol `foretell.model.sink.Sink`); scores and logs as lines of log records.

    Several processes may append to the same file: a line is written in one piece.
    """

    name = "json_lines"

    def __init__(
        self, path: Path | str, resource: Mapping[str, Any] | None = None, *, scope: str = "foretell", version: str = ""
    ) -> None:
        """Append to `path`, which is made with its directory by the first line; `resource` says whose calls they are."""
        self._path = Path(path)
        self._resource = {"attributes": attributes_json(resource)}
        self._scope = {"name": scope, "version": version} if version else {"name": scope}
        self._lines: list[bytes] = []
        self._file: FileIO | None = None

    def take_open(self, calls: Sequence[Call]) -> None:
        """Nothing: a call is written when it has ended."""

    def take(self, calls: Sequence[Call]) -> None:
        """Note finished calls, whether sampled or not: this file is here."""
        scopes: dict[str | None, list[Json]] = {}
        for call in calls:
            scopes.setdefault(call.scope, []).append(span_json(call))
        if scopes:
            scoped = [
                {"scope": self._scope if name is None else {"name": name}, "spans": spans}
                for name, spans in scopes.items()
            ]
            self._lines.append(line_of({"resourceSpans": [{"resource": self._resource, "scopeSpans": scoped}]}))

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Note feedback as evaluation events."""
        if scores:
            records = [log_json(score_event(score)) for score in scores]
            self._note("resourceLogs", "scopeLogs", "logRecords", records)

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Note log lines."""
        if records:
            self._note("resourceLogs", "scopeLogs", "logRecords", [record_json(record) for record in records])

    def write(self) -> None:
        """Append what was noted."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab", buffering=0)
        self._file.write(b"".join(lines))

    def flush(self, timeout_s: float) -> bool:  # a file answers
        """Append what was noted."""
        self.write()
        return True

    def close(self) -> None:
        """Append what is left and close the file."""
        self.write()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def after_fork(self) -> None:
        """Drop what the parent noted; the open file serves both."""
        self._lines = []

    def _note(self, resources: str, scopes: str, items: str, found: list[Json]) -> None:
        scope = {"scope": self._scope, items: found}
        self._lines.append(line_of({resources: [{"resource": self._resource, scopes: [scope]}]}))


def line_of(request: Json) -> bytes:
    """One line of UTF-8 for a request."""
    return utf8(_write_json(request)) + b"\n"


def span_json(call: Call) -> Json:
    """A finished call as OTLP's JSON writes a span: ids in hexadecimal, 64-bit numbers as text."""
    span: Json = {
        "traceId": f"{call.trace_id:032x}",
        "spanId": f"{call.span_id:016x}",
        "flags": flags_of(call),
    }
    if call.parent_id is not None:
        span["parentSpanId"] = f"{call.parent_id:016x}"
    if call.trace_state:
        span["traceState"] = call.trace_state
    span["name"] = span_name(call)
    span["kind"] = SPAN_KINDS.get(span_kind(call), 1)
    span["startTimeUnixNano"] = str(call.start_ns)
    span["endTimeUnixNano"] = str(call.end_ns or 0)
    span["attributes"] = attributes_json(span_attributes(call))
    if events := span_events(call):
        span["events"] = [_event(event) for event in events]
    if call.links:
        span["links"] = [_link(link) for link in call.links]
    names = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
    span.update({name: n for name, n in zip(names, call.dropped or (), strict=False) if n})
    code, message = span_status(call)
    if code:
        span["status"] = {"code": code, "message": message} if message else {"code": code}
    return span


def log_json(event: LogEvent) -> Json:
    """What is said about a call, as OTLP's JSON writes a log record."""
    return {**_log_fields(event, event.attributes), "eventName": event.name}


def record_json(record: LogRecord) -> Json:
    """A line of a log, as OTLP's JSON writes a log record."""
    line = {**_log_fields(record, record_attributes(record)), "body": value_json(record.body)}
    return {**line, "eventName": record.event_name} if record.event_name else line


def _log_fields(log: LogEvent | LogRecord, attributes: Mapping[str, Any]) -> Json:
    fields: Json = {
        "timeUnixNano": str(log.time_ns),
        "observedTimeUnixNano": str(log.time_ns),
        "severityNumber": log.severity_number,
        "severityText": log.severity_text,
        "attributes": attributes_json(attributes),
        "flags": log.trace_flags,
    }
    if log.trace_id:
        fields["traceId"] = f"{log.trace_id:032x}"
    if log.span_id:
        fields["spanId"] = f"{log.span_id:016x}"
    return fields


def attributes_json(attributes: Mapping[str, Any] | None) -> list[Json]:
    """Attributes as OTLP's JSON writes them."""
    return [{"key": key, "value": value_json(value)} for key, value in (attributes or {}).items()]


def value_json(value: Any, depth: int = DEPTH_LIMIT) -> Json:
    """Any value as OTLP's JSON writes it; what OTLP cannot hold is replaced as in `wire`."""
    if isinstance(value, str):
        return {"stringValue": str(value)}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        is_small = INT64_MIN <= value <= INT64_MAX
        return {"intValue": str(int(value))} if is_small else {"stringValue": _digits(value)}
    if isinstance(value, float):
        return {"doubleValue": float(value) if isfinite(value) else _odd_number(value)}
    if value is None:
        return {}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytesValue": b64encode(bytes(value)).decode()}
    if depth == 0:
        return {"stringValue": TOO_DEEP}
    if isinstance(value, Mapping):
        pairs = [{"key": str(key), "value": value_json(item, depth - 1)} for key, item in value.items()]
        return {"kvlistValue": {"values": pairs}}
    if isinstance(value, (Sequence, AbstractSet)):
        return {"arrayValue": {"values": [value_json(item, depth - 1) for item in value]}}
    return {"stringValue": describe(value)}


def _event(event: Event) -> Json:
    return {"timeUnixNano": str(event.time_ns), "name": event.name, "attributes": attributes_json(event.fields)}


def _link(link: Link) -> Json:
    ids = {"traceId": f"{link.trace_id:032x}", "spanId": f"{link.span_id:016x}"}
    return {**ids, "attributes": attributes_json(link.fields)}


def _odd_number(value: float) -> str:
    # JSON has no such numbers; protobuf's mapping writes words for them.
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124  # NaN alone differs


def _digits(value: int) -> str:
    return str(value) if value.bit_length() < 10_000 else hex(value)
