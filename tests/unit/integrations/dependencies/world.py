"""A provider with our processor on it, and what integrations are given with it."""

from __future__ import annotations

from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from foretell.instrument import state
from foretell.instrument.otel.foreign import ForeignSpans
from foretell.integrations.integration import Wiring


class World:
    """Agents of a framework, and the spans that are told around and inside them."""

    def __init__(self, *, has_content: bool = True) -> None:
        self._exporter = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        foreign = ForeignSpans()
        foreign.runtime = state.current
        self._provider.add_span_processor(foreign)
        self._provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.foreign = lambda: foreign
        self.wiring = Wiring(self._provider, NoOpMeterProvider(), has_content, foreign=self.foreign)

    def around(self, operation: str) -> Any:
        """A framework's span, as a block."""
        tracer = self._provider.get_tracer("some.framework")
        return tracer.start_as_current_span(operation, attributes={"gen_ai.operation.name": operation})

    def told(self) -> list[Any]:
        """The spans that integrations of ours have told, in the order of their ends."""
        spans = self._exporter.get_finished_spans()
        return [span for span in spans if span.instrumentation_scope.name == "foretell.integrations"]
