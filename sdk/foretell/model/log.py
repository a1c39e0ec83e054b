"""One line of a log, with what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

ROW_BYTES = 300
"""What a record without texts takes in memory, roughly."""
NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log line before redaction. `attributes` hold built-ins only: text, numbers, truths, lists and dicts of them."""

    time_ns: int
    severity_number: int
    """1 to 24 as OpenTelemetry counts: TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21."""
    severity_text: str
    body: str
    event_name: str | None = None
    """Of events only, such as `foretell.finding`."""
    attributes: Mapping[str, Any] = field(default_factory=lambda: NO_ATTRIBUTES)
    source: str = "user_script"
    """Which part of the program spoke (`foretell.log.source`)."""
    trace_id: int | None = None
    span_id: int | None = None
    run_id: str | None = None
    logger: str = ""
    """Name of the logger."""
    trace_flags: int = 0
    """Of the span; 1 where its trace is sampled."""

    @property
    def size_bytes(self) -> int:
        """A cheap estimate, for the bounds of queues."""
        return ROW_BYTES + len(self.body) + (_size(self.attributes) if self.attributes else 0)


def _size(value: Any) -> int:  # Any: built-ins
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum([len(key) + _size(item) for key, item in value.items()])
    return sum(map(_size, value)) if isinstance(value, list) else 8
