"""Writes encoded requests as OTLP's JSON, for collectors that take nothing else."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

# OTLP writes these in hexadecimal where protobuf's JSON writes base64.
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})


def request_to_json(body: bytes, signal: str) -> bytes:
    """The same export request of `traces`, `metrics` or `logs` as JSON. Slower than protobuf by a hundred times."""
    import json
    from importlib import import_module  # the package has no types of its own

    to_dict = import_module("google.protobuf.json_format").MessageToDict
    request = to_dict(_message_class(signal).FromString(body), use_integers_for_enums=True)
    _to_hex(request)
    return json.dumps(request, separators=(",", ":")).encode()


def _message_class(signal: str) -> Any:
    if signal == "traces":
        from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

        return TracesData
    if signal == "metrics":
        from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

        return MetricsData
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

    return LogsData


def _to_hex(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _IDS and isinstance(item, str):
                value[key] = b64decode(item).hex()
            else:
                _to_hex(item)
    elif isinstance(value, list):
        for item in value:
            _to_hex(item)
