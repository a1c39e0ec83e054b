"""A collector that counts: takes OTLP/HTTP, remembers span ids, answers after a delay.

`python bench/sink.py <port> <delay_ms>` prints its port and serves until it is ended; `GET /count` tells what came.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Counter:
    """What came so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock = Lock()
        self._bodies: list[bytes] = []
        self._bytes = 0

    def take(self, body: bytes) -> None:
        """Keep a body; it is parsed only when somebody asks, so that the sink costs little while it is measured."""
        with self._lock:
            self._bodies.append(body)
            self._bytes += len(body)

    def tell(self) -> dict[str, int]:
        """Spans by unique id, spans in all, requests and bytes."""
        with self._lock:
            bodies = list(self._bodies)
        ids = [
            (span.trace_id, span.span_id)
            for body in bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return {"unique": len(set(ids)), "spans": len(ids), "requests": len(bodies), "bytes": self._bytes}


class Handler(BaseHTTPRequestHandler):
    """Answers each request with an empty success."""

    protocol_version = "HTTP/1.1"
    # Two small writes for an answer would otherwise wait 40 ms for each other's acknowledgement.
    wbufsize = -1
    counter: Counter
    delay_s: float

    def do_POST(self) -> None:
        """Take a batch."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding")
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.path.endswith("/traces"):
            self.counter.take(body)
        self._answer(b"", "application/x-protobuf")

    def do_GET(self) -> None:
        """Tell the counts."""
        self._answer(json.dumps(self.counter.tell()).encode(), "application/json")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def serve(port: int, delay_ms: float) -> None:
    """Serve for ever on the loop-back address."""
    Handler.counter = Counter()
    Handler.delay_s = delay_ms / 1000
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]))
