"""A finished span of ours as processors and exporters of the official SDK get it."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import ReadableSpan


class FinishedSpan(ReadableSpan):
    """A copy of a span that no longer changes; everything is worked out once, for however many processors."""

    def __init__(self, span: ReadableSpan, attributes: dict[str, Any]) -> None:  # any attribute values
        """Copy what `span` says now, with these attributes."""
        super().__init__(
            name=span.name,
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=attributes,
            events=span.events,
            links=span.links,
            kind=span.kind,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )
        self._dropped = (span.dropped_attributes, span.dropped_events, span.dropped_links)

    @property
    def dropped_attributes(self) -> int:
        """How many attributes were over the limit."""
        return self._dropped[0]

    @property
    def dropped_events(self) -> int:
        """How many events were over the limit."""
        return self._dropped[1]

    @property
    def dropped_links(self) -> int:
        """How many links were over the limit."""
        return self._dropped[2]
