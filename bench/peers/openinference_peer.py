"""OpenInference: its tracer's own decorators, batch processor, official exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable


def start(endpoint: str, directory: str) -> Recorder:
    """With content, as it is by default."""
    from openinference.instrumentation import TracerProvider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    tracer = provider.get_tracer("bench")

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = getattr(tracer, kind)(func)
        return recorded

    return Recorder(wrap, provider.force_flush, provider.shutdown)
