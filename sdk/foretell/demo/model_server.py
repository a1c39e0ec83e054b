"""A model server without a model: speaks providers' formats over real HTTP and answers by rules, always the same.

    with ModelServer(decide) as server:
        client = OpenAI(base_url=server.base_url, api_key="none")

`wires/` says which formats, `serving/troubles.py` which troubles a request may ask for. `GET /log` returns what was asked and told
so far, as JSON; `DELETE /log` forgets it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http.server import ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from foretell.demo.conversation import Conversation, Exchange, Message, PromptCache, Reply
from foretell.demo.serving.request_log import RequestLog
from foretell.demo.wires import WIRES
from foretell.demo.wires.wire import Wire

if TYPE_CHECKING:
    from typing_extensions import Self

Decide = Callable[[Conversation], Reply]
MAX_REMEMBERED = 1_000


class ModelServer:
    """Answers model calls on a free local port until it is stopped; any number of calls at the same time."""

    def __init__(
        self,
        decide: Decide,
        *,
        latency_s: float = 0.08,
        chunk_s: float = 0.004,
        wires: Sequence[Wire] = WIRES,
        port: int = 0,
    ) -> None:
        """Listen with the rules `decide`; think for `latency_s`, then take `chunk_s` for each piece of a stream."""
        from foretell.demo.serving.handler import ModelHandler

        self._decide = decide
        self.latency_s = latency_s
        self.chunk_s = chunk_s
        self._wires = [(re.compile(wire.path), wire) for wire in wires]
        self._cache = PromptCache()
        self._remembered: dict[str, tuple[Message, ...]] = {}
        self.log = RequestLog()
        self._failures: list[int] = []
        self._lock = Lock()
        self._server = OwnedServer(("127.0.0.1", port), ModelHandler)
        self._server.owner = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="demo-model-server", daemon=True)

    @property
    def root_url(self) -> str:
        """What clients take that know their paths themselves: Anthropic's, Google's, AWS's, Ollama's, Cohere's."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"{self.root_url}/v1"

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

    def find_wire(self, path: str) -> tuple[Wire, Mapping[str, str]] | None:
        """Return the format spoken at a path, and what the path says."""
        for pattern, wire in self._wires:
            if place := pattern.fullmatch(path):
                return wire, {name: text for name, text in place.groupdict().items() if text is not None}
        return None

    def take_failure(self) -> int | None:
        """Return the status with which to fail this request, if `fail_next` was told to."""
        with self._lock:
            return self._failures.pop(0) if self._failures else None

    def answer(self, conversation: Conversation) -> Exchange:
        """Decide on a reply and count its tokens; a conversation that goes on begins with what is remembered of it."""
        with self._lock:
            before = self._remembered.get(conversation.follows, ())
        conversation = replace(conversation, messages=before + conversation.messages)
        said = (conversation.model, conversation.messages, sorted(conversation.tools))
        digest = hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()
        reply = Reply() if conversation.is_embedding else self._decide(conversation)
        uses = tuple(
            replace(use, id=use.id or f"call_{digest[: 22 - 2]}{at:02d}") for at, use in enumerate(reply.tool_uses)
        )
        reply = replace(reply, tool_uses=uses)
        with self._lock:
            tokens = self._cache.count(conversation, reply)
            if len(self._remembered) < MAX_REMEMBERED:
                said_last = Message("assistant", reply.text, reply.tool_uses)
                self._remembered[digest] = (*conversation.messages, said_last)
        return Exchange(conversation, reply, tokens, digest)


class OwnedServer(ThreadingHTTPServer):
    """An HTTP server that knows whose it is."""

    daemon_threads = True
    # Clients that hang up (a time-out is part of the show) are no error of the server.
    block_on_close = False
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is not news."""
