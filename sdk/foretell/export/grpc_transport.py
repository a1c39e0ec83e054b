"""Sends encoded requests by gRPC. The bytes are the same as over HTTP, so only the way differs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from foretell.errors import MissingExtra
from foretell.export.otlp.split import read_partial_success
from foretell.export.transport import (
    MAX_REQUEST_BYTES,
    NO_LIMIT_S,
    SENT,
    USER_AGENT,
    Answer,
    Fate,
    send_with_retries,
)

if TYPE_CHECKING:
    from foretell.export.endpoints import Endpoint
    from foretell.export.waiting import Body

METHODS: Final = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
RETRYABLE: Final = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})


class GrpcTransport:
    """OTLP over gRPC (protocol `Transport`); needs the extra `grpc`."""

    def __init__(self, endpoint: Endpoint, *, user_agent: str = USER_AGENT, random: Random | None = None) -> None:
        """Prepare for an endpoint; the channel is opened by the first request. Raises `MissingExtra`."""
        self._grpc = _import_grpc()
        self._endpoint = endpoint
        self._user_agent = user_agent
        self._random = random or Random()  # spreads retries, hides nothing
        self._stop = Event()
        self._channel: Any = None  # grpc has no types of its own
        self._call: Callable[..., bytes] | None = None

    def send(self, body: bytes | Body, *, retry: bool = True, timeout_s: float = NO_LIMIT_S) -> Answer:
        """Send one encoded request, with retries unless told otherwise."""
        from opentelemetry.instrumentation.utils import suppress_instrumentation

        if len(body) > MAX_REQUEST_BYTES:
            return Answer(Fate.TOO_LARGE, "too_large", detail=f"{len(body)} bytes are over {MAX_REQUEST_BYTES}")
        content = bytes(body)
        timeout_s = min(timeout_s, self._endpoint.timeout_s)
        with suppress_instrumentation():
            if not retry:
                return self._send_once(content, timeout_s)
            return send_with_retries(
                lambda left_s: self._send_once(content, left_s), timeout_s, stop=self._stop, random=self._random
            )

    def stop(self) -> None:
        """End any waiting now."""
        self._stop.set()

    def close(self) -> None:
        """Let go of the channel."""
        channel, self._channel, self._call = self._channel, None, None
        if channel is not None:
            channel.close()

    def after_fork(self) -> None:
        """Leave the parent's channel to the parent."""
        self._channel = self._call = None
        self._stop = Event()

    def _send_once(self, body: bytes, timeout_s: float) -> Answer:
        try:
            answer = self._open()(body, timeout=timeout_s, metadata=tuple(self._endpoint.headers.items()))
        except self._grpc.RpcError as error:
            return self._judge(error)
        rejected, message = read_partial_success(answer)
        return Answer(Fate.SENT, "rejected" if rejected else "", rejected, message) if rejected or message else SENT

    def _judge(self, error: Any) -> Answer:  # grpc.RpcError that is a grpc.Call too
        name, detail = error.code().name, str(error.details())
        if name == "RESOURCE_EXHAUSTED":
            # Two things under one name: the message is too large, or the collector is busy and says when to return.
            wait_s = _read_delay(error)
            fate = Fate.UNREACHABLE if wait_s is not None else Fate.TOO_LARGE
            return Answer(fate, "grpc_resource_exhausted", detail=detail, retry_after_s=wait_s)
        fate = Fate.UNREACHABLE if name in RETRYABLE else Fate.REFUSED
        return Answer(fate, f"grpc_{name.lower()}", detail=detail, retry_after_s=_read_delay(error))

    def _open(self) -> Callable[..., bytes]:
        if self._call is None:
            self._channel = self._make_channel()
            # No serialisers: bytes go out and come back as they are.
            self._call = self._channel.unary_unary(METHODS[self._endpoint.signal])
        return self._call

    def _make_channel(self) -> Any:
        grpc, endpoint = self._grpc, self._endpoint
        parts = urlsplit(endpoint.url if "://" in endpoint.url else f"http://{endpoint.url}")
        options = {
            "target": parts.netloc,
            "options": (("grpc.primary_user_agent", self._user_agent),),
            "compression": grpc.Compression.Gzip if endpoint.compression == "gzip" else grpc.Compression.NoCompression,
        }
        if parts.scheme == "http":
            return grpc.insecure_channel(**options)
        files = (endpoint.certificate, endpoint.client_key, endpoint.client_certificate)
        return grpc.secure_channel(credentials=grpc.ssl_channel_credentials(*map(_read_file, files)), **options)


def _read_file(path: str | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()


def _read_delay(error: Any) -> float | None:
    """Seconds of the `RetryInfo` among the error's details; None without one."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and b"google.rpc.RetryInfo" in value:
            details = import_module("google.rpc.error_details_pb2")  # these packages have no types
            for detail in import_module("google.rpc.status_pb2").Status.FromString(value).details:
                info = details.RetryInfo()
                if detail.Unpack(info):
                    return float(info.retry_delay.ToTimedelta().total_seconds())
    return None


def _import_grpc() -> Any:
    try:
        return import_module("grpc")
    except ImportError as error:
        raise MissingExtra(
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the package 'grpcio', which is not installed.\n"
            "Install it with: pip install 'foretell[grpc]'\n"
            "Or send over HTTP: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
        ) from error
