"""OpenAI's embeddings: numbers that depend on the text alone."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message
from foretell.demo.wires.openai_chat import write_openai_error
from foretell.demo.wires.wire import EVENTS_TYPE, Body

DIMENSIONS = 8


class OpenAIEmbeddings:
    """OpenAI's embeddings; each text is a message of the conversation."""

    name = "openai_embeddings"
    path = r"/v1/embeddings"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request to embed one text or several."""
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        is_packed = body.get("encoding_format") == "base64"
        messages = tuple(Message("user", str(text)) for text in texts)
        return Conversation(str(body["model"]), messages, is_embedding=True, output_schema={} if is_packed else None)

    def write(self, exchange: Exchange) -> Body:
        """Make a list of embeddings, as numbers or packed as the client asked for it."""
        is_packed = exchange.conversation.output_schema is not None
        vectors = [_embed(message.text) for message in exchange.conversation.messages]
        data = [
            {"object": "embedding", "index": at, "embedding": _pack(vector) if is_packed else vector}
            for at, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": exchange.tokens.input, "total_tokens": exchange.tokens.input}
        return {"object": "list", "data": data, "model": exchange.conversation.model, "usage": usage}

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make nothing: embeddings do not come in pieces."""
        yield from ()

    def write_error(self, status: int, message: str) -> Body:
        """Make OpenAI's error body."""
        return write_openai_error(status, message)


def _embed(text: str) -> list[float]:
    digest = hashlib.blake2b(text.encode(), digest_size=DIMENSIONS).digest()
    return [byte / 256 for byte in digest]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
