"""OpenAI's responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.openai_chat import write_openai_error
from foretell.demo.wires.wire import CREATED_S, EVENTS_TYPE, Body, frame_event, read_text, split_arguments, split_words


class OpenAIResponses:
    """OpenAI's responses; a request brings the whole conversation, or says which response it goes on from."""

    name = "openai_responses"
    path = r"/v1/responses"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request for a response."""
        given = body["input"]
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        system = (Message("system", body["instructions"]),) if body.get("instructions") else ()
        form = (body.get("text") or {}).get("format") or {}
        return Conversation(
            model=str(body["model"]),
            messages=system + tuple(message for item in items if (message := _read_item(item)) is not None),
            tools=frozenset(tool["name"] for tool in body.get("tools") or () if tool.get("type") == "function"),
            is_stream=bool(body.get("stream")),
            has_stream_usage=True,
            follows=(body.get("previous_response_id") or "").removeprefix("resp_"),
            output_schema=form.get("schema") if form.get("type") == "json_schema" else None,
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a completed `response`."""
        return _write_response(exchange, "completed", _write_items(exchange))

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make the events of a response: created, each item in pieces, completed."""
        numbers = count()

        def event(kind: str, **fields: Any) -> bytes:
            return frame_event({"type": kind, "sequence_number": next(numbers), **fields}, kind)

        yield event("response.created", response=_write_response(exchange, "in_progress", []))
        for at, item in enumerate(_write_items(exchange)):
            where = {"output_index": at, "item_id": item["id"]}
            if item["type"] == "message":
                started = {**item, "content": [], "status": "in_progress"}
                yield event("response.output_item.added", output_index=at, item=started)
                yield from _stream_text(item, where, event)
            else:
                started = {**item, "arguments": "", "status": "in_progress"}
                yield event("response.output_item.added", output_index=at, item=started)
                for piece in split_arguments(item["arguments"]):
                    yield event("response.function_call_arguments.delta", **where, delta=piece)
                done = {"name": item["name"], "arguments": item["arguments"]}
                yield event("response.function_call_arguments.done", **where, **done)
            yield event("response.output_item.done", output_index=at, item=item)
        yield event("response.completed", response=self.write(exchange))

    def write_error(self, status: int, message: str) -> Body:
        """Make OpenAI's error body."""
        return write_openai_error(status, message)


def _stream_text(item: Body, where: Body, event: Any) -> Iterator[bytes]:
    part = item["content"][0]
    place = {**where, "content_index": 0}
    yield event("response.content_part.added", **place, part={**part, "text": ""})
    for word in split_words(part["text"]):
        yield event("response.output_text.delta", **place, delta=word, logprobs=[])
    yield event("response.output_text.done", **place, text=part["text"], logprobs=[])
    yield event("response.content_part.done", **place, part=part)


def _read_item(item: Mapping[str, Any]) -> Message | None:
    kind = item.get("type", "message")
    if kind == "function_call":
        use = ToolUse(item["name"], json.loads(item["arguments"] or "{}"), item["call_id"])
        return Message("assistant", tool_uses=(use,))
    if kind == "function_call_output":
        return Message("tool", read_text(item["output"]), tool_use_id=item["call_id"])
    if kind == "message":
        role = "system" if item["role"] == "developer" else item["role"]
        return Message(role, read_text(item["content"]))
    return None  # reasoning, references: nothing that the rules look at


def _write_items(exchange: Exchange) -> list[Body]:
    items: list[Body] = []
    if exchange.reply.text:
        content = [{"type": "output_text", "text": exchange.reply.text, "annotations": [], "logprobs": []}]
        items.append({"type": "message", "role": "assistant", "status": "completed", "content": content})
    for use in exchange.reply.tool_uses:
        arguments = json.dumps(dict(use.arguments))
        call = {"type": "function_call", "call_id": use.id, "name": use.name, "arguments": arguments}
        items.append({**call, "status": "completed"})
    prefix = {"message": "msg", "function_call": "fc"}
    return [{"id": f"{prefix[item['type']]}_{exchange.id}{at:02d}", **item} for at, item in enumerate(items)]


def _write_response(exchange: Exchange, status: str, items: list[Body]) -> Body:
    return {
        "id": f"resp_{exchange.id}",
        "object": "response",
        "created_at": CREATED_S,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": exchange.conversation.model,
        "output": items,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": _write_usage(exchange.tokens) if status == "completed" else None,
    }


def _write_usage(tokens: TokenCount) -> Body:
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached, "cache_write_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }
