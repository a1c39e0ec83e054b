"""What the pieces of OpenAI's streams add up to: the answer as it would have come whole."""

from __future__ import annotations

from typing import Any

from foretell.cost.fields import Fields, fields_of, read_text
from foretell.model.facts import ErrorFacts
from foretell.model.payload import Captured
from foretell.payloads.taking.snapshot import take_copy

_TEXTS = ("content", "refusal", "reasoning_content")
"""Fields of a chunk's delta that grow from piece to piece."""
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
MAX_CHOICES = 32
MAX_TOOL_CALLS = 256


class _Choice:
    """One of a chat's answers, as far as it has come."""

    __slots__ = ("finish_reason", "texts", "tools")

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.tools: dict[int, dict[str, Any]] = {}
        self.finish_reason: str | None = None

    def join(self, index: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant"}
        message |= {name: "".join(texts) for name, texts in self.texts.items()}
        if self.tools:
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": "".join(call["arguments"])},
                }
                for _, call in sorted(self.tools.items())
            ]
        return {"index": index, "message": message, "finish_reason": self.finish_reason}


class ChatPieces:
    """The chunks of a chat completion."""

    def __init__(self, limit_bytes: int) -> None:
        """Keep up to `limit_bytes` of text."""
        self.error: ErrorFacts | None = None
        self._choices: dict[int, _Choice] = {}
        self._limit = self._left = limit_bytes

    def add(self, piece: Any) -> None:
        """Take what a chunk adds."""
        choices = (fields_of(piece) or {}).get("choices")
        for number, each in enumerate(choices if type(choices) is list else ()):
            fields = fields_of(each)
            delta = fields_of(fields.get("delta")) if fields else None
            if fields and delta is not None and number < MAX_CHOICES:
                self._add(fields, delta)

    def _add(self, fields: Fields, delta: Fields) -> None:
        index = fields.get("index")
        choice = self._choices.setdefault(index if type(index) is int else 0, _Choice())
        choice.finish_reason = read_text(fields.get("finish_reason")) or choice.finish_reason
        for name in _TEXTS:
            text = delta.get(name)
            if text and type(text) is str:
                choice.texts.setdefault(name, []).append(self._cut(text))
        tools = delta.get("tool_calls")
        for number, tool in enumerate(tools if type(tools) is list else ()):
            self._add_tool(choice, fields_of(tool) or {}, number)

    def _add_tool(self, choice: _Choice, tool: Fields, number: int) -> None:
        index = tool.get("index")
        place = index if type(index) is int else number
        if place not in choice.tools and len(choice.tools) >= MAX_TOOL_CALLS:
            return
        call = choice.tools.setdefault(place, {"id": None, "name": "", "arguments": []})
        call["id"] = read_text(tool.get("id")) or call["id"]
        function = fields_of(tool.get("function")) or {}
        call["name"] = read_text(function.get("name")) or call["name"]
        arguments = function.get("arguments")
        if arguments and type(arguments) is str:
            call["arguments"].append(self._cut(arguments))

    def _cut(self, text: str) -> str:
        kept = text[: max(self._left, 0)]
        self._left -= len(text)
        return kept

    def join(self) -> Captured | None:
        """The answer; None where no piece of it has come."""
        choices = [choice.join(index) for index, choice in sorted(self._choices.items())]
        if not choices:
            return None
        return Captured({"choices": choices}, self._limit - max(self._left, 0), self._left < 0)


class ResponsePieces:
    """The events of a response."""

    def __init__(self, limit_bytes: int) -> None:
        """Keep up to `limit_bytes` of text."""
        self.error: ErrorFacts | None = None
        self._whole: Captured | None = None
        self._texts: list[str] = []
        self._limit = self._left = limit_bytes

    def add(self, piece: Any) -> None:
        """Take what an event adds; the last one has the whole."""
        fields = fields_of(piece) or {}
        delta, kind = fields.get("delta"), fields.get("type")
        if type(delta) is str:
            self._texts.append(delta[: max(self._left, 0)])
            self._left -= len(delta)
        elif kind in _ENDS:
            self._whole = take_copy(fields.get("response"), self._limit)
            failure = fields_of((fields_of(fields.get("response")) or {}).get("error"))
            self.error = read_error(failure) if failure else None
        elif kind == "error":
            self.error = read_error(fields)

    def join(self) -> Captured | None:
        """The response, or what has come of its texts; None where nothing has."""
        if self._whole is not None or not self._texts:
            return self._whole
        part = {"type": "output_text", "text": "".join(self._texts)}
        message = {"type": "message", "role": "assistant", "content": [part]}
        return Captured({"output": [message]}, self._limit - max(self._left, 0), self._left < 0)


class NoPieces:
    """Of answers that never come in pieces."""

    error: ErrorFacts | None = None

    def __init__(self, limit_bytes: int) -> None:
        """Keep nothing."""

    def add(self, piece: Any) -> None:
        """Keep nothing."""

    def join(self) -> Captured | None:
        """Nothing."""
        return None


def read_error(fields: Fields) -> ErrorFacts:
    """What an error in a body says."""
    return ErrorFacts(read_text(fields.get("code")) or "_OTHER", str(fields.get("message") or ""))
