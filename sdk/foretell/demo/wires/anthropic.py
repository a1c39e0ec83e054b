"""Anthropic's messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.wire import EVENTS_TYPE, Body, frame_event, read_text, split_arguments, split_words

ERROR_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicMessages:
    """Anthropic's messages; input tokens are told without those that came from the cache."""

    name = "anthropic"
    path = r"/v1/messages"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request for a message."""
        system = (Message("system", read_text(body["system"])),) if body.get("system") else ()
        form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        return Conversation(
            model=str(body["model"]),
            messages=system + tuple(message for turn in body["messages"] for message in _read_turn(turn)),
            tools=frozenset(tool["name"] for tool in body.get("tools") or ()),
            is_stream=bool(body.get("stream")),
            has_stream_usage=True,
            output_schema=form.get("schema"),
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a whole `message`."""
        usage = _write_usage(exchange.tokens)
        return {**_write_frame(exchange), "content": _write_blocks(exchange), **_write_stop(exchange), "usage": usage}

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make the events of a message: start, each block in pieces, the reason to stop, the end."""
        usage = _write_usage(exchange.tokens)
        empty: Body = {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**usage, "output_tokens": 1},
        }
        yield _event("message_start", message={**_write_frame(exchange), **empty})
        for at, block in enumerate(_write_blocks(exchange)):
            if block["type"] == "text":
                start: Body = {"type": "text", "text": ""}
                deltas = [{"type": "text_delta", "text": word} for word in split_words(block["text"])]
            else:
                start = {**block, "input": {}}
                pieces = split_arguments(json.dumps(block["input"]))
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            yield _event("content_block_start", index=at, content_block=start)
            for delta in deltas:
                yield _event("content_block_delta", index=at, delta=delta)
            yield _event("content_block_stop", index=at)
        yield _event("message_delta", delta=_write_stop(exchange), usage={"output_tokens": usage["output_tokens"]})
        yield _event("message_stop")

    def write_error(self, status: int, message: str) -> Body:
        """Make Anthropic's error body."""
        return {"type": "error", "error": {"type": ERROR_KINDS.get(status, "api_error"), "message": message}}


def _event(kind: str, **fields: Any) -> bytes:
    return frame_event({"type": kind, **fields}, kind)


def _read_turn(turn: Mapping[str, Any]) -> Iterator[Message]:
    """One turn of theirs holds what are several messages elsewhere: results of tools, and what is said."""
    if isinstance(turn["content"], str):
        yield Message(turn["role"], turn["content"])
        return
    blocks: list[Body] = turn["content"]
    for block in blocks:
        if block["type"] == "tool_result":
            yield Message("tool", read_text(block.get("content")), tool_use_id=block["tool_use_id"])
    uses = tuple(ToolUse(block["name"], block["input"], block["id"]) for block in blocks if block["type"] == "tool_use")
    text = " ".join(block["text"] for block in blocks if block["type"] == "text")
    if text or uses:
        yield Message(turn["role"], text, uses)


def _write_frame(exchange: Exchange) -> Body:
    return {"id": f"msg_{exchange.id}", "type": "message", "role": "assistant", "model": exchange.conversation.model}


def _write_blocks(exchange: Exchange) -> list[Body]:
    text = [{"type": "text", "text": exchange.reply.text}] if exchange.reply.text else []
    uses = [
        {"type": "tool_use", "id": use.id, "name": use.name, "input": dict(use.arguments)}
        for use in exchange.reply.tool_uses
    ]
    return [*text, *uses]


def _write_stop(exchange: Exchange) -> Body:
    return {"stop_reason": "tool_use" if exchange.reply.tool_uses else "end_turn", "stop_sequence": None}


def _write_usage(tokens: TokenCount) -> Body:
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
    }
