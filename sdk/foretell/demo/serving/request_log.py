"""What the model server was asked and what it told, request by request: the other side of every recording."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from foretell.demo.conversation import Conversation, TokenCount

MAX_REQUESTS = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request; tokens are None where the answer did not tell them."""

    wire: str
    model: str
    is_stream: bool
    is_embedding: bool
    status: int
    is_broken: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class RequestLog:
    """Keeps the newest requests in the order in which they were answered."""

    def __init__(self) -> None:
        """Begin empty."""
        self._requests: deque[LoggedRequest] = deque(maxlen=MAX_REQUESTS)
        self._lock = Lock()

    def note(
        self,
        wire: str,
        conversation: Conversation,
        tokens: TokenCount | None,
        *,
        status: int = 200,
        is_broken: bool = False,
    ) -> None:
        """Write down a request and what it was told."""
        what = (wire, conversation.model, conversation.is_stream, conversation.is_embedding, status, is_broken)
        told = () if tokens is None else (tokens.input, tokens.output, tokens.cached, tokens.reasoning)
        with self._lock:
            self._requests.append(LoggedRequest(*what, *told))

    def read(self) -> list[dict[str, Any]]:
        """Return the requests as JSON."""
        with self._lock:
            return [asdict(request) for request in self._requests]

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._requests.clear()
