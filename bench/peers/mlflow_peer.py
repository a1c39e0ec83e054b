"""mlflow-tracing: its `trace` decorator, exporting OTLP as its documentation says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bench.variants.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {"agent": "AGENT", "llm": "LLM", "tool": "TOOL"}


def start(endpoint: str, directory: str) -> Recorder:
    """With content, as it is by default."""
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{endpoint}/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    os.environ["MLFLOW_TRACKING_URI"] = (
        endpoint  # without one it looks for files, by a package that it does not declare
    )
    import mlflow
    from mlflow.tracing.provider import provider

    def wrap(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
        recorded: Callable[..., Any] = mlflow.trace(func, span_type=KINDS[kind])
        return recorded

    def flush() -> None:
        inner: Any = provider.get()
        inner.force_flush()

    return Recorder(wrap, flush)
