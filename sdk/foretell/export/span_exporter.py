"""A drop-in `SpanExporter` for the official SDK: the same bytes as the official one, for a fifth of the CPU of encoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from foretell.export.endpoints import read_endpoint, read_proxies
from foretell.export.otlp.spans import encode_readable_spans
from foretell.export.otlp.split import split_request
from foretell.export.transport import Fate, HttpTransport

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from foretell.export.transport import Transport


class OTLPSpanExporter(SpanExporter):
    """Sends spans by OTLP over HTTP; put it into the official `BatchSpanProcessor`."""

    def __init__(
        self,
        endpoint: str | None = None,
        headers: Mapping[str, str] | None = None,
        compression: str | None = None,
        timeout: float | None = None,
        *,
        transport: Transport | None = None,
    ) -> None:
        """Send to `endpoint`, the full URL with its path; what is not given comes from `OTEL_EXPORTER_OTLP_…`.

        `timeout` is in seconds for one batch with all its retries; `compression` is `none`, `gzip` or `deflate`.
        """
        self._transport = transport or _build(endpoint, headers, compression, timeout)
        self._is_shut_down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send finished spans; blocks no longer than the time-out."""
        if self._is_shut_down:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if self._send(encode_readable_spans(spans)) else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # nothing waits here
        """Nothing is buffered here: always True."""
        return True

    def shutdown(self) -> None:
        """End any waiting between retries, and let go of the connection."""
        self._is_shut_down = True
        self._transport.stop()
        self._transport.close()

    def _send(self, body: bytes) -> bool:
        answer = self._transport.send(body)
        if answer.fate is Fate.TOO_LARGE and (halves := split_request(body)) is not None:
            return all([self._send(halves[0]), self._send(halves[1])])  # both, whatever becomes of the first
        return answer.fate is Fate.SENT


def _build(
    endpoint: str | None, headers: Mapping[str, str] | None, compression: str | None, timeout: float | None
) -> Transport:
    from foretell.settings import read_environment

    values = read_environment()
    found = read_endpoint("traces", values)
    return HttpTransport(
        replace(
            found,
            url=endpoint or found.url,
            protocol="http/protobuf" if found.protocol == "grpc" else found.protocol,
            headers={**found.headers, **{name.lower(): value for name, value in (headers or {}).items()}},
            # The official exporter takes members of an enumeration here.
            compression=getattr(compression, "value", compression) or found.compression,
            timeout_s=timeout or found.timeout_s,
        ),
        proxies=read_proxies(values),
    )
