"""Cohere's chat, the second version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.wire import EVENTS_TYPE, Body, frame_event, split_arguments, split_words


class CohereChat:
    """Cohere's chat, which counts what it bills beside what it read."""

    name = "cohere"
    path = r"/v2/chat"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request to chat."""
        form = body.get("response_format") or {}
        return Conversation(
            model=str(body["model"]),
            messages=tuple(_read_message(message) for message in body["messages"]),
            tools=frozenset(tool["function"]["name"] for tool in body.get("tools") or ()),
            is_stream=bool(body.get("stream")),
            has_stream_usage=True,
            output_schema=form.get("json_schema", {}) if form.get("type") == "json_object" else None,
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a whole answer."""
        message: Body = {"role": "assistant"}
        if exchange.reply.text:
            message["content"] = [{"type": "text", "text": exchange.reply.text}]
        if exchange.reply.tool_uses:
            message["tool_calls"] = [_write_use(use) for use in exchange.reply.tool_uses]
        return {"id": exchange.id, "message": message, **_write_end(exchange)}

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make the events of an answer, the counts of tokens in the last."""
        yield _event("message-start", id=exchange.id, delta={"message": {"role": "assistant", "content": []}})
        if exchange.reply.text:
            yield _event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
            for word in split_words(exchange.reply.text):
                yield _event("content-delta", index=0, delta={"message": {"content": {"text": word}}})
            yield _event("content-end", index=0)
        for at, use in enumerate(exchange.reply.tool_uses):
            whole = _write_use(use)
            arguments = whole["function"]["arguments"]
            whole["function"]["arguments"] = ""
            yield _event("tool-call-start", index=at, delta={"message": {"tool_calls": whole}})
            for piece in split_arguments(arguments):
                function = {"function": {"arguments": piece}}
                yield _event("tool-call-delta", index=at, delta={"message": {"tool_calls": function}})
            yield _event("tool-call-end", index=at)
        yield _event("message-end", id=exchange.id, delta=_write_end(exchange))

    def write_error(self, status: int, message: str) -> Body:
        """Make Cohere's error body."""
        return {"id": "demo", "message": message}


def _event(kind: str, **fields: Any) -> bytes:
    return frame_event({"type": kind, **fields}, kind)


def _read_message(message: Mapping[str, Any]) -> Message:
    uses = tuple(
        ToolUse(use["function"]["name"], json.loads(use["function"]["arguments"] or "{}"), use["id"])
        for use in message.get("tool_calls") or ()
    )
    return Message(message["role"], _read_content(message.get("content")), uses, message.get("tool_call_id") or "")


def _read_content(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = [part.get("text") or (part.get("document") or {}).get("data") or "" for part in content]
    return " ".join(part if isinstance(part, str) else json.dumps(part) for part in parts)


def _write_use(use: ToolUse) -> Body:
    function = {"name": use.name, "arguments": json.dumps(dict(use.arguments))}
    return {"id": use.id, "type": "function", "function": function}


def _write_end(exchange: Exchange) -> Body:
    reason = "TOOL_CALL" if exchange.reply.tool_uses else "COMPLETE"
    return {"finish_reason": reason, "usage": _write_usage(exchange.tokens)}


def _write_usage(tokens: TokenCount) -> Body:
    counts = {"input_tokens": tokens.input, "output_tokens": tokens.output}
    return {"billed_units": counts, "tokens": counts, "cached_tokens": tokens.cached}
