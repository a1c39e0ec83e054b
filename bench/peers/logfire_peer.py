"""logfire: its `instrument` decorator, exporting to a collector instead of its own service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable


def start(endpoint: str, directory: str) -> Recorder:
    """With arguments, as it is by default."""
    import logfire
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
    logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[processor], metrics=False)

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = logfire.instrument(f"{kind} {func.__name__}", record_return=True)(func)
        return recorded

    return Recorder(wrap, logfire.force_flush, logfire.shutdown)
