"""Encodes finished calls as OTLP spans: the conventions' words, straight to bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretell.export.otlp.spans import HAS_IS_REMOTE, IS_REMOTE, encode_event, encode_link, encode_span, encode_status
from foretell.export.otlp.wire import join_resource, list_scope, scope_field
from foretell.model.call import Call
from foretell.semconv.encode import SPAN_KINDS, span_attributes, span_events, span_kind, span_name, span_status

NONE_DROPPED = (0, 0, 0)


def encode_call(call: Call, attributes: Mapping[str, Any] | None = None) -> bytes:
    """Encode one finished call as a field of a scope; `attributes` where they were made already."""
    code, message = span_status(call)
    events = span_events(call)
    links = call.links
    return encode_span(
        call.trace_id,
        call.span_id,
        call.parent_id,
        span_name(call),
        SPAN_KINDS.get(span_kind(call), 1),
        call.start_ns,
        call.end_ns,
        span_attributes(call) if attributes is None else attributes,
        b"".join([encode_event(event.name, event.time_ns, event.fields) for event in events]) if events else b"",
        b"".join([encode_link(link.trace_id, link.span_id, link.fields) for link in links]) if links else b"",
        encode_status(code, message) if code else b"",
        call.trace_state,
        flags_of(call),
        *(call.dropped or NONE_DROPPED),
    )


def flags_of(call: Call) -> int:
    """The trace's flags, and whether the parent is remote where that is known: unknown is not "no"."""
    flags = call.trace_flags & 0xFF
    if call.parent_is_remote is None:
        return flags
    return flags | (HAS_IS_REMOTE | IS_REMOTE if call.parent_is_remote else HAS_IS_REMOTE)


def encode_calls(calls: Sequence[Call], resource: bytes, scope: bytes) -> bytes:
    """Encode finished calls as one export request; `resource` and `scope`, of our own calls, come from `wire`."""
    scopes: dict[str | None, list[bytes]] = {}
    for call in calls:
        scopes.setdefault(call.scope, []).append(encode_call(call))
    return join_resource(
        resource, [list_scope(scope if name is None else scope_field(name), items) for name, items in scopes.items()]
    )
