"""Reads spans out of OTLP/HTTP JSON, also as tools that bend the format a little write it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.errors import ForetellError
from foretell.model.facts import Event, Link

Json = Any  # parsed JSON, narrowed where it is read

_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_STATUSES = ("unset", "ok", "error")


class MalformedLine(ForetellError):
    """A line is not an OTLP/HTTP JSON export; the message names file and line."""


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One span as it was written, before anybody says what it means."""

    name: str
    kind: str
    """`internal`, `server`, `client`, `producer`, `consumer`."""
    trace_id: int
    span_id: int
    parent_id: int | None
    start_ns: int
    end_ns: int
    status: tuple[int, str]
    """0 unset, 1 ok, 2 error, and the message."""
    attributes: dict[str, Any]
    events: list[Event]
    links: list[Link]
    resource: dict[str, Any] = field(default_factory=dict)
    trace_state: str = ""
    scope: str = ""


def read_spans(file: Path) -> Iterator[SpanRecord]:
    """Yield the spans of a file with one export request per line; lines of logs and metrics are passed over.

    The first line that is not such a request raises `MalformedLine`.
    """
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                spans = list(parse_request(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                raise MalformedLine(
                    f"{file}, line {number}: not an OTLP/HTTP JSON export ({_reason(error)}).\n"
                    "Each line must be one ExportTraceServiceRequest, as the collector's `file` exporter writes it."
                ) from error
            yield from spans


def parse_request(request: Json) -> Iterator[SpanRecord]:
    """Yield the spans of one parsed request; raises ValueError, TypeError, KeyError … where it is none."""
    if not isinstance(request, dict):
        raise TypeError(f"an object is expected, not {type(request).__name__}")
    for group in _get(request, "resourceSpans") or []:
        resource = _attributes(_get(_get(group, "resource") or {}, "attributes"))
        for scoped in _get(group, "scopeSpans") or _get(group, "instrumentationLibrarySpans") or []:
            scope = (_get(scoped, "scope") or {}).get("name", "")
            for span in _get(scoped, "spans") or []:
                yield _parse_span(span, resource, scope)


def _parse_span(span: Json, resource: dict[str, Any], scope: str) -> SpanRecord:
    status = _get(span, "status") or {}
    return SpanRecord(
        name=str(span.get("name", "")),
        kind=_word(span.get("kind"), _KINDS, "SPAN_KIND_"),
        trace_id=_id(_get(span, "traceId"), 32),
        span_id=_id(_get(span, "spanId"), 16),
        parent_id=_id(_get(span, "parentSpanId") or 0, 16) or None,
        start_ns=int(_get(span, "startTimeUnixNano") or 0),
        end_ns=int(_get(span, "endTimeUnixNano") or 0),
        status=(_STATUSES.index(_word(status.get("code"), _STATUSES, "STATUS_CODE_")), str(status.get("message", ""))),
        attributes=_attributes(_get(span, "attributes")),
        events=[
            Event(
                str(event.get("name", "")), int(_get(event, "timeUnixNano") or 0), _attributes(event.get("attributes"))
            )
            for event in span.get("events") or []
        ],
        links=[
            Link(_id(_get(link, "traceId"), 32), _id(_get(link, "spanId"), 16), _attributes(link.get("attributes")))
            for link in span.get("links") or []
        ],
        resource=resource,
        trace_state=str(_get(span, "traceState") or ""),
        scope=scope,
    )


def _get(fields: Json, camel: str) -> Json:
    """A field by its JSON name, or by the name that it has in the .proto file."""
    if camel in fields:
        return fields[camel]
    return fields.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel))


def _id(value: Json, digits: int) -> int:
    """Ids are hex in OTLP; plain protobuf JSON has them in base64."""
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise TypeError(f"an id is expected, not {value!r}")
    if len(value) == digits:
        return int(value, 16)
    number = int.from_bytes(base64.b64decode(value, validate=True), "big")
    if number >> (digits * 4):
        raise ValueError(f"{value!r} is no id of {digits} hex digits")
    return number


def _word(value: Json, words: tuple[str, ...], prefix: str) -> str:
    if isinstance(value, str) and not value.isdigit():
        return value.removeprefix(prefix).lower()
    return words[int(value or 0)]


def _attributes(pairs: Json) -> dict[str, Any]:
    if isinstance(pairs, Mapping):
        return dict(pairs)
    return {str(pair["key"]): _value(pair.get("value")) for pair in pairs or []}


def _value(value: Json) -> Any:
    if not isinstance(value, dict):
        return value
    for name, given in value.items():
        read = _READERS.get(name.replace("_", "").lower())
        if read is not None:
            return read(given)
    return None


_READERS: dict[str, Any] = {
    "stringvalue": str,
    "intvalue": int,
    "doublevalue": float,
    "boolvalue": lambda given: given in (True, "true"),
    "bytesvalue": base64.b64decode,
    "arrayvalue": lambda given: [_value(item) for item in given.get("values") or []],
    "kvlistvalue": lambda given: _attributes(given.get("values")),
}


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
