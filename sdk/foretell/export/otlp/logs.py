"""Encodes log records and events as OTLP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.spans import Groups, clamp, count_field
from foretell.export.otlp.wire import UINT64_MAX, any_value, attributes_field, delimited, text, varint

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord  # the underscore is the API's own: logs are not stable yet

_pack_times = Struct("<BQBQ").pack
_pack_flags = Struct("<BI").pack


def encode_log(
    time_ns: int | None,
    observed_ns: int | None,
    body: Any,
    attributes: Mapping[str, Any] | None,
    *,
    severity_number: int = 0,
    severity_text: str | None = None,
    event_name: str | None = None,
    trace_id: int | None = None,
    span_id: int | None = None,
    flags: int = 0,
    dropped: int = 0,
) -> bytes:
    """Encode one log record, or with `event_name` one event, as a field of a scope, ready to be joined.

    Ids that are None or 0 are left out.
    """
    parts = [_pack_times(0x09, clamp(time_ns), 0x59, clamp(observed_ns))]
    if severity_number:
        parts.append(b"\x10" + varint(severity_number))
    if severity_text:
        parts.append(b"\x1a" + text(severity_text))
    parts += (b"\x2a", any_value(body), attributes_field(b"\x32", attributes), count_field(b"\x38", dropped))
    if flags:
        parts.append(_pack_flags(0x45, flags & 0xFFFFFFFF))
    if trace_id:
        parts.append(b"\x4a\x10" + (trace_id & (1 << 128) - 1).to_bytes(16, "big"))
    if span_id:
        parts.append(b"\x52\x08" + (span_id & UINT64_MAX).to_bytes(8, "big"))
    if event_name:
        parts.append(b"\x62" + text(event_name))
    return b"\x12" + delimited(b"".join(parts))


def encode_readable_logs(records: Iterable[ReadableLogRecord]) -> bytes:
    """Encode log records of the official SDK as one export request, grouped by resource and scope."""
    groups = Groups()
    for record in records:
        groups.items_of(record.resource, record.instrumentation_scope).append(_readable_log(record))
    return groups.join()


def _readable_log(readable: ReadableLogRecord) -> bytes:
    record = readable.log_record
    severity = record.severity_number
    return encode_log(
        record.timestamp,
        record.observed_timestamp,
        record.body,
        record.attributes,
        severity_number=severity.value if severity is not None else 0,
        severity_text=record.severity_text,
        event_name=record.event_name,
        trace_id=record.trace_id,
        span_id=record.span_id,
        flags=int(record.trace_flags or 0),
        dropped=readable.dropped_attributes,
    )
