"""A collector in a few lines: a real HTTP server on this machine that keeps what it gets and answers as told."""

from __future__ import annotations

import gzip
import ssl
import threading
import zlib
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A dozen processes may come at the same moment; whom the system turns away comes again a second later.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no fault of the server's."""


class Collector:
    """Takes OTLP over HTTP. `answers` are given one per request, then 200 for ever."""

    def __init__(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "http" if tls is None else "https"
        self.answers: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.max_bytes: int | None = None
        self.delay = threading.Event()
        self.delay_s = 0.0
        self._server = _Server(("127.0.0.1", port), self._handler())
        if tls is not None:
            # Shaking hands is left to the thread of each connection: one that fails must not end the server.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(collector):  # `self` is the handler below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                collector.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector.delay_s:
                    collector.delay.wait(collector.delay_s)
                status, headers, answer = collector.answers.popleft() if collector.answers else (200, {}, b"")
                if collector.max_bytes is not None and len(body) > collector.max_bytes:
                    status, headers, answer = 413, {}, b""
                if status == 200:
                    kind = self.headers["content-encoding"]
                    plain = gzip.decompress(body) if kind == "gzip" else zlib.decompress(body) if kind else body
                    sent = {name.lower(): value for name, value in self.headers.items()}
                    collector.requests.append((self.path, sent, plain))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        return Handler
