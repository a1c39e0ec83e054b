"""A model server without a model: speaks a provider's format over real HTTP and answers by rules, always the same.

    with ModelServer(decide) as server:
        client = OpenAI(base_url=server.base_url, api_key="none")

A request may ask for trouble by headers: `X-Demo-Status: 429` (or 500 …) fails it, `X-Demo-Delay-S: 2` makes it wait.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from foretell.demo.conversation import Conversation, PromptCache, Reply
from foretell.demo.wires import OpenAIChat, Wire

if TYPE_CHECKING:
    from typing_extensions import Self

Decide = Callable[[Conversation], Reply]
STATUS_MESSAGES = {
    400: "The request makes no sense.",
    404: "There is nothing here.",
    429: "Rate limit reached for requests. Please try again later.",
    500: "The server had an error while processing your request.",
    503: "The engine is currently overloaded, please try again later.",
}


class ModelServer:
    """Answers model calls on a free local port until it is stopped; any number of calls at the same time."""

    def __init__(
        self,
        decide: Decide,
        *,
        latency_s: float = 0.08,
        chunk_s: float = 0.004,
        wires: Sequence[Wire] = (OpenAIChat(),),
        port: int = 0,
    ) -> None:
        """Listen with the rules `decide`; think for `latency_s`, then take `chunk_s` for each piece of a stream."""
        self._decide = decide
        self.latency_s = latency_s
        self.chunk_s = chunk_s
        self._wires = {wire.path: wire for wire in wires}
        self._cache = PromptCache()
        self._failures: list[int] = []
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.owner = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="demo-model-server", daemon=True)

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def fail_next(self, status: int, times: int = 1) -> None:
        """Answer the next requests with an HTTP status of 400 or above."""
        with self._lock:
            self._failures.extend([status] * times)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Stop answering."""
        self.stop()

    def find_wire(self, path: str) -> Wire | None:
        """Return the format spoken at a path."""
        return self._wires.get(path)

    def take_failure(self, asked: str | None) -> int | None:
        """Return the status with which to fail this request, if it is to fail."""
        if asked and asked.isdigit():
            return int(asked)
        with self._lock:
            return self._failures.pop(0) if self._failures else None

    def answer(self, conversation: Conversation) -> tuple[Reply, Any, str]:
        """Decide on a reply; with it come its count of tokens and an id that depends on the conversation alone."""
        digest = hashlib.blake2b(repr(conversation).encode(), digest_size=12).hexdigest()
        reply = self._decide(conversation)
        uses = tuple(
            replace(use, id=use.id or f"call_{digest[: 22 - 2]}{at:02d}") for at, use in enumerate(reply.tool_uses)
        )
        reply = replace(reply, tool_uses=uses)
        with self._lock:
            tokens = self._cache.count(conversation, reply)
        return reply, tokens, digest


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Clients that hang up (a time-out is part of the show) are no error of the server.
    block_on_close = False
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is not news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """List the models, as clients do to see whether a server is there."""
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": "desk-local-8b", "object": "model"}]})
        else:
            self._send_json(404, OpenAIChat().write_error(404, STATUS_MESSAGES[404]))

    def do_POST(self) -> None:
        """Answer one model call."""
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wire = owner.find_wire(self.path)
        if wire is None:
            self._send_json(404, OpenAIChat().write_error(404, STATUS_MESSAGES[404]))
            return
        time.sleep(_read_seconds(self.headers.get("X-Demo-Delay-S")) or owner.latency_s)
        status = owner.take_failure(self.headers.get("X-Demo-Status"))
        if status is not None:
            self._send_json(status, wire.write_error(status, STATUS_MESSAGES.get(status, "It failed, as you asked.")))
            return
        try:
            conversation = wire.read(json.loads(raw))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._send_json(400, wire.write_error(400, f"{STATUS_MESSAGES[400]} {type(error).__name__}: {error}"))
            return
        self._send_reply(wire, conversation)

    def _send_reply(self, wire: Wire, conversation: Conversation) -> None:
        reply, tokens, reply_id = self.server.owner.answer(conversation)
        if not conversation.is_stream:
            self._send_json(200, wire.write(conversation, reply, tokens, reply_id))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Request-Id", f"req_{reply_id}")
        self.end_headers()
        for event in wire.write_events(conversation, reply, tokens, reply_id):
            data = f"data: {event}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            time.sleep(self.server.owner.chunk_s)
        self.wfile.write(b"0\r\n\r\n")

    def _send_json(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""


def _read_seconds(text: str | None) -> float | None:
    """Return the seconds that a header asks for; what is no sensible number asks for nothing."""
    try:
        return min(max(float(text or ""), 0.0), 30.0)
    except ValueError:
        return None
