"""Anything that is sent out: OTLP, Prometheus, JSON lines, console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.export.span_exporter import OTLPSpanExporter

__all__ = ["OTLPSpanExporter"]


def __getattr__(name: str) -> Any:
    """Import the exporter, and with it the official SDK, when it is first asked for."""
    if name == "OTLPSpanExporter":
        from foretell.export.span_exporter import OTLPSpanExporter

        return OTLPSpanExporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
