"""Google's generateContent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.wire import EVENTS_TYPE, Body, frame_event, split_words

ERROR_KINDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


class GeminiContent:
    """Google's generateContent and streamGenerateContent; what is thought is told beside what is said."""

    name = "gemini"
    path = r"/v1(?:beta)?/models/(?P<model>[^/:]+):(?P<method>generateContent|streamGenerateContent)"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request for content."""
        system = _text_of(body.get("systemInstruction") or {})
        config = body.get("generationConfig") or {}
        declared = [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations") or ()]
        return Conversation(
            model=place["model"],
            messages=((Message("system", system),) if system else ()) + tuple(_read_turns(body["contents"])),
            tools=frozenset(each["name"] for each in declared),
            is_stream=place["method"] == "streamGenerateContent",
            has_stream_usage=True,
            output_schema=config.get("responseJsonSchema") or config.get("responseSchema"),
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a whole response with one candidate."""
        text = [{"text": exchange.reply.text}] if exchange.reply.text else []
        return self._write(exchange, [*text, *_write_uses(exchange)], is_end=True)

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make a response for each piece; calls of functions come whole."""
        for word in split_words(exchange.reply.text):
            yield frame_event(self._write(exchange, [{"text": word}]))
        uses = _write_uses(exchange)
        yield frame_event(self._write(exchange, uses or [{"text": ""}], is_end=True))

    def write_error(self, status: int, message: str) -> Body:
        """Make Google's error body."""
        return {"error": {"code": status, "message": message, "status": ERROR_KINDS.get(status, "INTERNAL")}}

    def _write(self, exchange: Exchange, parts: list[Body], *, is_end: bool = False) -> Body:
        candidate: Body = {"content": {"role": "model", "parts": parts}, "index": 0}
        if is_end:
            candidate["finishReason"] = "STOP"
        return {
            "candidates": [candidate],
            "usageMetadata": _write_usage(exchange.tokens),
            "modelVersion": exchange.conversation.model,
            "responseId": exchange.id,
        }


def _text_of(content: Mapping[str, Any]) -> str:
    return " ".join(part["text"] for part in content.get("parts") or () if part.get("text"))


def _read_turns(contents: list[Mapping[str, Any]]) -> Iterator[Message]:
    """Calls of functions need no ids here: a response answers the oldest open call of its name."""
    open_calls: list[ToolUse] = []
    for number, content in enumerate(contents):
        parts = content.get("parts") or []
        uses = tuple(
            ToolUse(part["functionCall"]["name"], part["functionCall"].get("args") or {}, f"{number}-{at}")
            for at, part in enumerate(parts)
            if "functionCall" in part
        )
        open_calls.extend(uses)
        for part in parts:
            if "functionResponse" in part:
                yield _read_result(part["functionResponse"], open_calls)
        text = _text_of(content)
        if text or uses:
            yield Message("assistant" if content.get("role") == "model" else "user", text, uses)


def _read_result(answer: Mapping[str, Any], open_calls: list[ToolUse]) -> Message:
    use = next(each for each in open_calls if each.name == answer["name"])
    open_calls.remove(use)
    given = answer.get("response") or {}
    result = given.get("result", given.get("output", given))
    return Message("tool", result if isinstance(result, str) else json.dumps(result), tool_use_id=use.id)


def _write_uses(exchange: Exchange) -> list[Body]:
    uses = exchange.reply.tool_uses
    return [{"functionCall": {"name": use.name, "args": dict(use.arguments)}} for use in uses]


def _write_usage(tokens: TokenCount) -> Body:
    usage = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
    }
    if tokens.cached:
        usage["cachedContentTokenCount"] = tokens.cached
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    return usage
