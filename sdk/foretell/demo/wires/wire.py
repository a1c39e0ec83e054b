"""What every format has in common: how it is read and written, and the frames in which streams travel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from foretell.demo.conversation import Conversation, Exchange

Body = dict[str, Any]  # JSON

EVENTS_TYPE = "text/event-stream; charset=utf-8"
CREATED_S = 1_780_000_000
"""A fixed moment: the same conversation is answered by the same bytes."""


class Wire(Protocol):
    """One provider's format."""

    name: str
    """How the server's log calls it."""
    path: str
    """A pattern of the paths to which requests are posted; its named groups are handed to `read`."""
    stream_type: str
    """The content type of a stream."""

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request; a KeyError, TypeError or ValueError says that it makes no sense."""

    def write(self, exchange: Exchange) -> Body:
        """Make the whole response."""

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make the response piece by piece, each in the frame in which it travels."""

    def write_error(self, status: int, message: str) -> Body:
        """Make the body that goes with an HTTP status of 400 and above."""


def frame_event(data: Mapping[str, Any] | str, name: str | None = None) -> bytes:
    """Make a server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data)
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {text}\n\n".encode()


def split_words(text: str) -> list[str]:
    """Cut a text into pieces that make the whole text again, about as a model would say them."""
    words = text.split(" ")
    return [word if at == len(words) - 1 else f"{word} " for at, word in enumerate(words)] if text else []


def split_arguments(text: str) -> list[str]:
    """Cut a tool's arguments into pieces, which need not be JSON each."""
    return [text[start : start + 12] for start in range(0, len(text), 12)]


def read_text(content: Any) -> str:
    """Read a message's content: a text, or parts of which some have one."""
    if isinstance(content, str):
        return content
    return " ".join(part if isinstance(part, str) else part.get("text") or "" for part in content or ())
