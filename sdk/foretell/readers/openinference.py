"""Reads traces as trees of OpenInference spans, such as tracing services give them out: one JSON document per file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from foretell.errors import ForetellError
from foretell.model.call import Call
from foretell.model.facts import Event, Link
from foretell.model.kinds import Kind
from foretell.model.payload import Payload
from foretell.readers.grouping import make_calls, name_services
from foretell.readers.otlp_json import SpanRecord
from foretell.semconv.messages.parts import dumps, parse

Json = Any  # parsed JSON, narrowed where it is read

LOST = "root not recorded"
"""Name of the call that stands in for the root of a trace that came in pieces."""

_STATUSES = {"ok": 1, "error": 2}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:(\d+)(?:\.(\d+))?S)?)?", re.IGNORECASE
)
_UNITS_S = (604_800, 86_400, 3_600, 60)


class MalformedTrace(ForetellError):
    """A file is no tree of OpenInference spans; the message names the file and what is wrong with it."""


def load_traces(file: Path) -> tuple[list[Call], dict[str, str]]:
    """Read the calls of a file in order of opening, and the services that recorded its runs; raises `MalformedTrace`."""
    spans = _mend(list(read_traces(file)))
    calls = make_calls(spans)
    for call in calls:
        if call.kind is Kind.STEP and call.attributes:
            _read_contents(call, call.attributes)
    return calls, name_services(spans, calls)


def _mend(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Give the pieces of a trace that lost its root one root again: it lasted at least as long as they do."""
    known = {span.span_id for span in spans}
    pieces: dict[int, list[SpanRecord]] = {}
    for span in spans:
        if span.parent_id not in known:
            pieces.setdefault(span.trace_id, []).append(span)
    roots: dict[int, SpanRecord] = {}
    for trace_id, tops in pieces.items():
        named = [top.parent_id for top in tops if top.parent_id is not None]
        if len(tops) > 1 and len(named) == len(tops):
            ends = [span.end_ns for span in spans if span.trace_id == trace_id]
            roots[trace_id] = _stand_in(min(tops, key=lambda top: top.start_ns), named[0], max(ends))
    mended = [
        replace(span, parent_id=roots[span.trace_id].span_id)
        if span.trace_id in roots and span.parent_id not in known
        else span
        for span in spans
    ]
    return [*roots.values(), *mended]


def _stand_in(first: SpanRecord, span_id: int, end_ns: int) -> SpanRecord:
    return replace(
        first, name=LOST, span_id=span_id, parent_id=None, end_ns=end_ns, status=(0, ""), attributes={}, events=[], links=[]
    )  # fmt: skip


def _read_contents(step: Call, attributes: dict[str, Any]) -> None:
    """Give a step what went in and came out; the conventions have no names for that, so OpenInference's stand."""
    for old, field in (("input.value", "input_payload"), ("output.value", "output_payload")):
        if old in attributes:
            value = attributes.pop(old)
            text = value if isinstance(value, str) and not isinstance(parse(value), str) else dumps(value)
            setattr(step, field, Payload(text, len(text.encode("utf-8", "replace"))))


def read_traces(file: Path) -> Iterator[SpanRecord]:
    """Yield the spans of a file, parents before their children; raises `MalformedTrace` where it holds none.

    The document is an object with `spans`, or a list of such objects or of spans. A span holds what is below it in
    `child_spans`. Times without a zone are UTC.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
        spans = list(_walk(document))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedTrace(
            f"{file} is no trace of OpenInference spans: {_reason(error)}.\n"
            "It must be a JSON object with `spans`, each with what is below it in `child_spans`."
        ) from error
    yield from spans


def _walk(document: Json) -> Iterator[SpanRecord]:
    """Go through the tree without recursion: an agent may nest as deep as it likes."""
    waiting: list[tuple[Json, int | None, int | None]] = [(span, None, None) for span in _find_tops(document)]
    if not waiting:
        raise ValueError("it holds no spans")
    waiting.reverse()
    while waiting:
        span, above, trace = waiting.pop()
        if not isinstance(span, dict):
            raise TypeError(f"a span is expected, not {type(span).__name__}")
        record = _read_span(span, above, trace)
        yield record
        below = span.get("child_spans") or []
        waiting.extend((child, record.span_id, record.trace_id) for child in reversed(below))


def _find_tops(document: Json) -> list[Any]:
    if isinstance(document, dict):
        spans = document["spans"]
        if not isinstance(spans, list):
            raise TypeError("`spans` is no list")
        trace = document.get("trace_id")
        return [{"trace_id": trace, **span} if isinstance(span, dict) and trace else span for span in spans]
    if not isinstance(document, list):
        raise TypeError(f"an object is expected, not {type(document).__name__}")
    return [top for item in document for top in (_find_tops(item) if _holds_spans(item) else [item])]


def _holds_spans(item: Json) -> bool:
    return isinstance(item, dict) and "spans" in item


def _read_span(span: dict[str, Any], above: int | None, trace: int | None) -> SpanRecord:
    """Make a span's record; one that names no parent or trace has those of the span that holds it."""
    start_ns = _read_time(span["timestamp"])
    parent = span.get("parent_span_id")
    return SpanRecord(
        name=str(span.get("span_name") or ""),
        kind=str(span.get("span_kind") or "internal").lower(),
        trace_id=_read_id(span["trace_id"], 32) if trace is None or span.get("trace_id") else trace,
        span_id=_read_id(span["span_id"], 16),
        parent_id=(_read_id(parent, 16) if parent else above) or None,
        start_ns=start_ns,
        end_ns=start_ns + _read_duration(span["duration"]) if span.get("duration") is not None else 0,
        status=(_STATUSES.get(str(span.get("status_code")).lower(), 0), str(span.get("status_message") or "")),
        attributes={key: value for key, value in (span.get("span_attributes") or {}).items() if value is not None},
        events=[_read_event(event, start_ns) for event in span.get("events") or []],
        links=[_read_link(link) for link in span.get("links") or []],
        resource={"service.name": span.get("service_name") or "", **(span.get("resource_attributes") or {})},
        trace_state=str(span.get("trace_state") or ""),
        scope=str(span.get("scope_name") or ""),
    )


def _read_event(event: dict[str, Any], start_ns: int) -> Event:
    """Read an event, whose words some services write with a capital."""
    fields = {key.lower(): value for key, value in event.items()}
    time = fields.get("timestamp")
    return Event(
        str(fields.get("name") or ""), start_ns if time is None else _read_time(time), fields.get("attributes") or {}
    )


def _read_link(link: dict[str, Any]) -> Link:
    fields = {key.lower().replace("_", ""): value for key, value in link.items()}
    return Link(_read_id(fields["traceid"], 32), _read_id(fields["spanid"], 16), fields.get("attributes") or {})


def _read_id(value: Json, digits: int) -> int:
    """Read hex digits, with the hyphens of a UUID or without."""
    if not isinstance(value, str):
        raise TypeError(f"an id is expected, not {value!r}")
    number = int(value.replace("-", ""), 16)
    if not 0 < number < 1 << (digits * 4):
        raise ValueError(f"{value!r} is no id of {digits} hex digits")
    return number


def _read_time(value: Json) -> int:
    """Read a moment with its offset, to the nanosecond."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no time")
    day, clock, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone.utc)
    return int(moment.timestamp() - _read_offset_s(zone or "Z")) * 10**9 + _read_fraction_ns(fraction)


def _read_offset_s(zone: str) -> int:
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (hours * 3_600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _read_fraction_ns(digits: str | None) -> int:
    return int((digits or "0")[:9].ljust(9, "0"))


def _read_duration(value: Json) -> int:
    """Read an ISO 8601 duration, or a number of seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return max(round(value * 1e9), 0)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or len(value) < 3:
        raise ValueError(f"{value!r} is no duration")
    *longer, seconds, fraction = found.groups()
    whole = sum(float(count) * unit_s for count, unit_s in zip(longer, _UNITS_S, strict=True) if count)
    return round(whole * 1e9) + int(seconds or 0) * 10**9 + _read_fraction_ns(fraction)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} in line {error.lineno})"
    if isinstance(error, RecursionError):
        return "it is nested too deeply to be read"
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
