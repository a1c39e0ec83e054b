"""Ollama's chat."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, ToolUse
from foretell.demo.wires.wire import Body, split_words

CREATED_AT = "2026-05-28T20:26:40.000000Z"


class OllamaChat:
    """Ollama's chat, whose streams are lines of JSON."""

    name = "ollama"
    path = r"/api/chat"
    stream_type = "application/x-ndjson"

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request to chat; it streams unless told otherwise."""
        form = body.get("format")
        return Conversation(
            model=str(body["model"]),
            messages=tuple(_read_turns(body["messages"])),
            tools=frozenset(tool["function"]["name"] for tool in body.get("tools") or ()),
            is_stream=bool(body.get("stream", True)),
            has_stream_usage=True,
            output_schema=form if isinstance(form, Mapping) else ({} if form == "json" else None),
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a whole answer."""
        return _write_end(exchange, {"content": exchange.reply.text, **_write_uses(exchange)})

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make a line for each piece; uses of tools come whole."""
        for word in split_words(exchange.reply.text):
            yield _line(_write_piece(exchange, {"content": word}))
        if exchange.reply.tool_uses:
            yield _line(_write_piece(exchange, {"content": "", **_write_uses(exchange)}))
        yield _line(_write_end(exchange, {"content": ""}))

    def write_error(self, status: int, message: str) -> Body:
        """Make Ollama's error body."""
        return {"error": message}


def _read_turns(turns: list[Mapping[str, Any]]) -> Iterator[Message]:
    """Uses of tools need no ids here: results come in the order of the uses."""
    open_ids: list[str] = []
    for number, turn in enumerate(turns):
        if turn["role"] == "tool":
            yield Message("tool", turn.get("content") or "", tool_use_id=open_ids.pop(0))
            continue
        uses = tuple(
            ToolUse(use["function"]["name"], use["function"].get("arguments") or {}, f"{number}-{at}")
            for at, use in enumerate(turn.get("tool_calls") or ())
        )
        open_ids.extend(use.id for use in uses)
        yield Message(turn["role"], turn.get("content") or "", uses)


def _line(body: Body) -> bytes:
    return json.dumps(body).encode() + b"\n"


def _write_uses(exchange: Exchange) -> Body:
    uses = exchange.reply.tool_uses
    return {"tool_calls": [{"function": {"name": use.name, "arguments": dict(use.arguments)}} for use in uses]}


def _write_piece(exchange: Exchange, message: Body) -> Body:
    if not message.get("tool_calls"):
        message.pop("tool_calls", None)
    frame = {"model": exchange.conversation.model, "created_at": CREATED_AT}
    return {**frame, "message": {"role": "assistant", **message}, "done": False}


def _write_end(exchange: Exchange, message: Body) -> Body:
    return {
        **_write_piece(exchange, message),
        "done": True,
        "done_reason": "stop",
        "total_duration": 80_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": exchange.tokens.input,
        "prompt_eval_duration": 20_000_000,
        "eval_count": exchange.tokens.output,
        "eval_duration": 50_000_000,
    }
