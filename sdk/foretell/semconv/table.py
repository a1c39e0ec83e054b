"""The shape of a row in the tables of names, so that code, docs and checks can be made from the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

MetricKind = Literal["counter", "updown", "gauge", "histogram"]
ValueType = Literal["string", "int", "double", "bool", "string[]", "structured"]


class Level(str, Enum):
    """How much an attribute is asked for."""

    REQUIRED = "required"
    CONDITIONAL = "conditionally_required"
    RECOMMENDED = "recommended"
    OPT_IN = "opt_in"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute in one place: on a span, a metric or an event."""

    name: str
    type: ValueType = "string"
    level: Level = Level.RECOMMENDED
    condition: str = ""
    """When a conditionally required attribute is required, in words."""
    is_sampling_relevant: bool = False
    """True where it must be set when the span is created, because samplers look at it."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what to record, in which unit, under which labels."""

    name: str
    kind: MetricKind
    unit: str
    description: str
    attributes: tuple[Attribute, ...] = ()
    buckets: tuple[float, ...] | None = None
    """Upper bounds of a histogram's buckets; None for every other kind."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the attributes that a data point may carry, in the order of the table."""
        return tuple(attribute.name for attribute in self.attributes)


@dataclass(frozen=True, slots=True)
class SpanShape:
    """What the conventions ask of one type of span."""

    id: str
    operations: tuple[str, ...]
    """Values of `gen_ai.operation.name`; empty for MCP, whose operation is `mcp.method.name`."""
    kinds: tuple[str, ...]
    """Permitted span kinds, the usual one first."""
    name: str
    """Template of the span's name. `[…]` is left out where the attribute inside is unset."""
    attributes: tuple[Attribute, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Beginnings of attribute names with an open end, such as `gen_ai.prompt.variable.`."""
    forbidden: frozenset[str] = frozenset()
    """Attributes that the conventions took off this span on purpose."""


@dataclass(frozen=True, slots=True)
class EventShape:
    """What the conventions ask of one event (a log record with an event name)."""

    name: str
    severity: str | None
    severity_number: int | None
    level: Level
    attributes: tuple[Attribute, ...]
    any_of: tuple[str, ...] = ()
    """At least one of these must be there."""
