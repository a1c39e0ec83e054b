"""A record, and the wiring that an integration is given."""

from __future__ import annotations

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from foretell.integrations.integration import Wiring
from foretell.integrations.tracing import IntegrationTracers
from tests.unit.instrument.listening import listen


class World:
    """The application's provider with its exporter and our processor, and who else tells of the same calls."""

    def __init__(self, foreign):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.provider.add_span_processor(foreign)
        self.framework = self.provider.get_tracer("framework")
        self.is_doubled = False
        self.foreign = foreign

    def wire(self, *, is_shown=False):
        """What the integration is given."""
        tracers = IntegrationTracers(lambda: self.provider, lambda: self.foreign, is_shown=is_shown)
        beside = tracers.beside(lambda: self.is_doubled, is_kept=True, twins=frozenset())
        return Wiring(beside, NoOpMeterProvider(), True, {}, lambda: self.foreign)

    def exported(self):
        """Names of the spans that the application's exporter has heard of."""
        return [span.name for span in self.exporter.get_finished_spans()]


@pytest.fixture
def foreign(record):
    """Our processor, and a worker that refines as in earnest."""
    yield from listen(record)


@pytest.fixture
def world(foreign):
    return World(foreign)
