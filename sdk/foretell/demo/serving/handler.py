"""One connection to the model server: from the bytes of a request to those of its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from itertools import islice
from typing import TYPE_CHECKING, Any

from foretell.demo.conversation import Conversation, Exchange
from foretell.demo.serving.troubles import Trouble, read_header_trouble, read_model_trouble
from foretell.demo.wires.openai_chat import write_openai_error

if TYPE_CHECKING:
    from foretell.demo.model_server import OwnedServer
    from foretell.demo.wires.wire import Wire

STATUS_MESSAGES = {
    400: "The request makes no sense.",
    404: "There is nothing here.",
    429: "Rate limit reached for requests. Please try again later.",
    500: "The server had an error while processing your request.",
    503: "The engine is currently overloaded, please try again later.",
}
CHUNKS_BEFORE_BREAK = 3


class ModelHandler(BaseHTTPRequestHandler):
    """Reads requests, has them answered, and sends the answers."""

    server: OwnedServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """List the models, as clients do to see whether a server is there; or tell the log."""
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": "desk-local-8b", "object": "model"}]})
        elif self.path == "/log":
            self._send_json(200, {"requests": self.server.owner.log.read()})
        else:
            self._send_json(404, write_openai_error(404, STATUS_MESSAGES[404]))

    def do_DELETE(self) -> None:
        """Forget the log."""
        self.server.owner.log.clear()
        self._send_json(200, {})

    def do_POST(self) -> None:
        """Answer one model call."""
        raw = self._read_body()
        found = self.server.owner.find_wire(self.path.partition("?")[0])
        if found is None:
            self._send_json(404, write_openai_error(404, STATUS_MESSAGES[404]))
            return
        wire, place = found
        try:
            conversation = wire.read(json.loads(raw), place)
        except (KeyError, TypeError, ValueError, AttributeError, LookupError, StopIteration) as error:
            self._send_json(400, wire.write_error(400, f"{STATUS_MESSAGES[400]} {type(error).__name__}: {error}"))
            return
        self._answer(wire, conversation)

    def _answer(self, wire: Wire, conversation: Conversation) -> None:
        owner = self.server.owner
        by_header = read_header_trouble(self.headers.get)
        by_model = read_model_trouble(conversation.model)
        time.sleep(by_header.delay_s or by_model.delay_s or owner.latency_s)
        status = by_header.status or by_model.status or owner.take_failure()
        exchange = None if status else owner.answer(conversation)
        if exchange is None or exchange.reply.status >= 400:
            self._fail(wire, conversation, status or (exchange.reply.status if exchange else 500))
        elif conversation.is_stream:
            self._stream(wire, exchange, by_header if by_header.is_broken else by_model)
        else:
            owner.log.note(wire.name, conversation, exchange.tokens)
            self._send_json(200, wire.write(exchange))

    def _fail(self, wire: Wire, conversation: Conversation, status: int) -> None:
        self.server.owner.log.note(wire.name, conversation, None, status=status)
        self._send_json(status, wire.write_error(status, STATUS_MESSAGES.get(status, "It failed, as you asked.")))

    def _stream(self, wire: Wire, exchange: Exchange, trouble: Trouble) -> None:
        owner = self.server.owner
        tokens = exchange.tokens if exchange.conversation.has_stream_usage and not trouble.is_broken else None
        owner.log.note(wire.name, exchange.conversation, tokens, is_broken=trouble.is_broken)
        self.send_response(200)
        self.send_header("Content-Type", wire.stream_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-Request-Id", f"req_{exchange.id}")
        self.end_headers()
        for piece in islice(wire.write_stream(exchange), CHUNKS_BEFORE_BREAK if trouble.is_broken else None):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            time.sleep(trouble.chunk_s or owner.chunk_s)
        if trouble.is_broken:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _read_body(self) -> bytes:
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

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
