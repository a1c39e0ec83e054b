"""Encodes spans as OTLP: the official SDK's finished spans, and our own finished calls."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.wire import (
    UINT64_MAX,
    attributes_field,
    delimited,
    join_resource,
    list_scope,
    resource_field,
    scope_field,
    text,
    varint,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Event as SdkEvent
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Link as SdkLink


HAS_IS_REMOTE, IS_REMOTE = 0x100, 0x200
"""Bits of a span's flags beside the eight trace flags: whether it is known that the parent is remote, and is it."""

# Tags and lengths of the two ids stand between them: trace id (two halves), span id, and parent id.
_pack_ids = Struct(">HQQHQ").pack
_pack_ids_and_parent = Struct(">HQQHQHQ").pack
_pack_kind_times_flags = Struct("<BBBQBQHIB").pack
_pack_time = Struct("<BQ").pack
_pack_short_flags = Struct("<BI").pack


def encode_span(
    trace_id: int,
    span_id: int,
    parent_id: int | None,
    name: str,
    kind: int,
    start_ns: int | None,
    end_ns: int | None,
    attributes: Mapping[str, Any] | None,
    events: bytes = b"",
    links: bytes = b"",
    status: bytes = b"",
    trace_state: str = "",
    flags: int = 0,
    dropped_attributes: int = 0,
    dropped_events: int = 0,
    dropped_links: int = 0,
) -> bytes:
    """Encode one span as a field of a scope, ready to be joined.

    `kind` is OTLP's number, one more than OpenTelemetry's; `events`, `links` and `status` come from the functions below.
    Ids and times that OTLP cannot hold are cut to its width.
    """
    try:
        body = _head(trace_id, span_id, parent_id, kind, start_ns or 0, end_ns or 0, flags)
    except struct.error:
        body = _head(
            trace_id & (1 << 128) - 1,
            span_id & UINT64_MAX,
            None if parent_id is None else parent_id & UINT64_MAX,
            kind,
            clamp(start_ns),
            clamp(end_ns),
            flags & 0xFFFFFFFF,
        )
    tail = b"\x1a" + text(trace_state) if trace_state else b""
    if dropped_attributes or dropped_events or dropped_links:
        tail += (
            count_field(b"\x50", dropped_attributes)
            + count_field(b"\x60", dropped_events)
            + count_field(b"\x70", dropped_links)
        )
    body = b"".join((body, text(name), attributes_field(b"\x4a", attributes), events, links, status, tail))
    return b"\x12" + varint(len(body)) + body


def encode_event(name: str, time_ns: int | None, attributes: Mapping[str, Any] | None, dropped: int = 0) -> bytes:
    """Encode one event as a field of a span."""
    body = _pack_time(0x09, clamp(time_ns)) + b"\x12" + text(name) + attributes_field(b"\x1a", attributes)
    return b"\x5a" + delimited(body + count_field(b"\x20", dropped))


def encode_link(
    trace_id: int, span_id: int, attributes: Mapping[str, Any] | None, dropped: int = 0, flags: int = 0
) -> bytes:
    """Encode one link as a field of a span."""
    ids = _pack_ids(0x0A10, trace_id >> 64 & UINT64_MAX, trace_id & UINT64_MAX, 0x1208, span_id & UINT64_MAX)
    body = ids + attributes_field(b"\x22", attributes) + count_field(b"\x28", dropped)
    return b"\x6a" + delimited(body + (_pack_short_flags(0x35, flags & 0xFFFFFFFF) if flags else b""))


def encode_status(code: int, message: str | None = None) -> bytes:
    """Encode a status (0 unset, 1 ok, 2 error) as a field of a span."""
    body = (b"\x12" + text(message) if message else b"") + (b"\x18" + varint(code) if code else b"")
    return b"\x7a" + delimited(body)


def encode_readable_spans(spans: Iterable[ReadableSpan]) -> bytes:
    """Encode finished spans of the official SDK as one export request, grouped by resource and scope."""
    groups = Groups()
    for span in spans:
        groups.items_of(span.resource, span.instrumentation_scope).append(encode_readable_span(span))
    return groups.join()


def encode_readable_span(span: ReadableSpan) -> bytes:
    """Encode one finished span of the official SDK as a field of a scope."""
    context = span.get_span_context()
    parent = span.parent
    status = span.status
    trace_state = context.trace_state if context is not None else None
    return encode_span(
        context.trace_id if context is not None else 0,
        context.span_id if context is not None else 0,
        parent.span_id if parent else None,
        span.name,
        span.kind.value + 1,
        span.start_time,
        span.end_time,
        _plain(span.attributes),
        _readable_events(span.events),
        _readable_links(span.links),
        encode_status(status.status_code.value, status.description),
        ",".join([f"{key}={value}" for key, value in trace_state.items()]) if trace_state else "",
        _parent_flags(parent),
        span.dropped_attributes,
        span.dropped_events,
        span.dropped_links,
    )


class Groups:
    """Encoded items of the official SDK by resource and scope, for one request."""

    def __init__(self) -> None:
        """Begin without any."""
        self._groups: dict[Any, dict[Any, list[bytes]]] = {}
        self._known: dict[tuple[int, int], list[bytes]] = {}
        self._kept: list[Any] = []

    def items_of(self, resource: Any, scope: Any) -> list[bytes]:
        """The list to append items of this resource and scope to; equal ones share a list."""
        # Hashing a resource writes all of it as JSON, 10 µs each time: look by identity first.
        key = (id(resource), id(scope))
        items = self._known.get(key)
        if items is None:
            items = self._groups.setdefault(resource, {}).setdefault(scope or None, [])
            self._known[key] = items
            self._kept += (resource, scope)  # an identity is one only while its object lives
        return items

    def join(self) -> bytes:
        """The request."""
        return b"".join(
            join_resource(
                resource_field(resource.attributes, resource.schema_url),
                [list_scope(sdk_scope_field(scope), items) for scope, items in scopes.items()],
            )
            for resource, scopes in self._groups.items()
        )


def sdk_scope_field(scope: Any) -> bytes:  # the official InstrumentationScope, or None
    """Encode the official SDK's scope."""
    if scope is None:
        return b"\x0a\x00"
    return scope_field(scope.name, scope.version, scope.attributes, scope.schema_url)


def count_field(tag: bytes, n: int) -> bytes:
    """A small count, left out where it is 0."""
    return tag + varint(min(n, 0xFFFFFFFF)) if n > 0 else b""


def clamp(n: int | None) -> int:
    """A number of Unix nanoseconds as OTLP can hold it; 0 where there is none."""
    return 0 if n is None else max(0, min(int(n), UINT64_MAX))


def _head(trace_id: int, span_id: int, parent_id: int | None, kind: int, start: int, end: int, flags: int) -> bytes:
    # Ends with the tag of the name.
    high, low = trace_id >> 64, trace_id & UINT64_MAX
    if parent_id is None:
        ids = _pack_ids(0x0A10, high, low, 0x1208, span_id)
    else:
        ids = _pack_ids_and_parent(0x0A10, high, low, 0x1208, span_id, 0x2208, parent_id)
    return ids + _pack_kind_times_flags(0x30, kind, 0x39, start, 0x41, end, 0x0185, flags, 0x2A)


def _parent_flags(parent: Any) -> int:  # the official SpanContext, or None
    return HAS_IS_REMOTE | IS_REMOTE if parent and parent.is_remote else HAS_IS_REMOTE


def _plain(attributes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    # The SDK's own mapping takes a lock and two calls per item; its copy is a plain dict.
    copy = getattr(attributes, "copy", None)
    return attributes if copy is None else copy()


def _readable_events(events: Sequence[SdkEvent]) -> bytes:
    if not events:
        return b""
    return b"".join(
        [
            encode_event(event.name, event.timestamp, _plain(event.attributes), event.dropped_attributes)
            for event in events
        ]
    )


def _readable_links(links: Sequence[SdkLink]) -> bytes:
    if not links:
        return b""
    return b"".join(
        [
            encode_link(
                link.context.trace_id,
                link.context.span_id,
                _plain(link.attributes),
                link.dropped_attributes,
                _parent_flags(link.context),
            )
            for link in links
        ]
    )
