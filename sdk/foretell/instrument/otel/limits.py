"""What a program adds to one span of ours, within the limits that OpenTelemetry sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.model.facts import Event, Link
from foretell.payloads.taking.bare import name_type
from foretell.payloads.taking.snapshot import take_copy

if TYPE_CHECKING:
    from foretell.instrument.operation import Operation

SNAPSHOT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SpanLimits:
    """How much a program may add to one span (`OTEL_SPAN_…_LIMIT`); our own facts do not count."""

    attributes: int = 128
    events: int = 128
    links: int = 128
    value_chars: int | None = None
    """Longest text of an attribute; None for any length."""

    def cut(self, value: Any) -> Any:  # an attribute value
        """The value, its texts no longer than allowed."""
        if self.value_chars is None:
            return value
        if isinstance(value, str):
            return value[: self.value_chars]
        if isinstance(value, dict):
            return {key: self.cut(item) for key, item in value.items()}
        return [self.cut(item) for item in value] if isinstance(value, list) else value


def put_attribute(call: Operation, key: str, value: Any) -> None:  # any attribute value
    """Add an attribute to an open operation, or count it as dropped."""
    limits = call.runtime.limits
    if type(key) is not str:
        key = _name(key)
    if call.attributes is None:
        call.attributes = {}
    if len(call.attributes) >= limits.attributes and key not in call.attributes:
        _drop(call, "attributes")
    else:
        call.attributes[key] = limits.cut(take_copy(value, SNAPSHOT_BYTES).value)


def put_event(call: Operation, name: str, fields: Mapping[str, Any], time_ns: int) -> None:  # any attribute values
    """Add a named moment to an open operation, or count it as dropped."""
    limits = call.runtime.limits
    if call.events is None:
        call.events = []
    if len(call.events) >= limits.events:
        _drop(call, "events")
    else:
        call.events.append(
            Event(
                name if type(name) is str else _name(name),
                time_ns,
                limits.cut(take_copy(fields, SNAPSHOT_BYTES).value),
            )
        )


def put_link(call: Operation, trace_id: int, span_id: int, fields: Mapping[str, Any]) -> None:  # any attribute values
    """Add a pointer to another span to an open operation, or count it as dropped."""
    limits = call.runtime.limits
    if call.links is None:
        call.links = []
    if len(call.links) >= limits.links:
        _drop(call, "links")
    else:
        call.links.append(Link(trace_id, span_id, limits.cut(take_copy(fields, SNAPSHOT_BYTES).value)))


def _name(key: Any) -> str:  # whatever the program took for a name
    kind = type(key)
    if issubclass(kind, str):
        return str.__str__(key)
    return str(key) if kind is int and key.bit_length() < 64 else name_type(kind)


def _drop(call: Operation, what: str) -> None:
    attributes, events, links = call.dropped or (0, 0, 0)
    call.dropped = (attributes + (what == "attributes"), events + (what == "events"), links + (what == "links"))
    call.runtime.counts.count("truncated", what, "limit")
