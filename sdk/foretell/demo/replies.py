"""Reads what the `openai` client gives back, whole or in pieces, into the one shape that the agents work with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A model's answer: text, or tools that it wants used as (id, name, arguments in JSON)."""

    text: str
    tool_uses: tuple[tuple[str, str, str], ...]

    @property
    def message(self) -> dict[str, Any]:  # JSON
        """The answer as the next request repeats it."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.tool_uses:
            message["tool_calls"] = [
                {"id": use_id, "type": "function", "function": {"name": name, "arguments": arguments}}
                for use_id, name, arguments in self.tool_uses
            ]
        return message


def read_completion(completion: Any) -> ModelReply:  # openai.types.chat.ChatCompletion
    """Read a whole answer."""
    message = completion.choices[0].message
    uses = tuple((use.id, use.function.name, use.function.arguments) for use in message.tool_calls or ())
    return ModelReply(message.content or "", uses)


def gather_chunks(chunks: Iterable[Any]) -> ModelReply:  # openai.types.chat.ChatCompletionChunk
    """Put the pieces of a streamed answer together."""
    text = ""
    uses: dict[int, list[str]] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for piece in choice.delta.tool_calls or ():
                use = uses.setdefault(piece.index, ["", "", ""])
                use[0] += piece.id or ""
                use[1] += (piece.function.name if piece.function else None) or ""
                use[2] += (piece.function.arguments if piece.function else None) or ""
    return ModelReply(text.strip(), tuple((use[0], use[1], use[2]) for use in uses.values()))


def write_result(result: Any) -> str:  # what a tool gives
    """Write a tool's result as the text that the model reads."""
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
