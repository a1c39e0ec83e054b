"""Bedrock's converse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.event_stream import EVENT_STREAM_TYPE, frame_aws_event
from foretell.demo.wires.wire import Body, split_arguments, split_words

ERROR_KINDS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


class BedrockConverse:
    """Bedrock's converse and converse-stream; input tokens are told without those that came from the cache."""

    name = "bedrock"
    path = r"/model/(?P<model>[^/]+)/(?P<method>converse|converse-stream)"
    stream_type = EVENT_STREAM_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request to converse."""
        system = " ".join(block["text"] for block in body.get("system") or () if "text" in block)
        tools = (body.get("toolConfig") or {}).get("tools") or ()
        return Conversation(
            model=unquote(place["model"]),
            messages=((Message("system", system),) if system else ())
            + tuple(message for turn in body["messages"] for message in _read_turn(turn)),
            tools=frozenset(tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool),
            is_stream=place["method"] == "converse-stream",
            has_stream_usage=True,
        )

    def write(self, exchange: Exchange) -> Body:
        """Make a whole answer."""
        message = {"role": "assistant", "content": _write_blocks(exchange)}
        usage, metrics = _write_usage(exchange.tokens), {"latencyMs": 1}
        return {"output": {"message": message}, "stopReason": _stop(exchange), "usage": usage, "metrics": metrics}

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make the events of an answer, the counts of tokens in the last."""
        yield frame_aws_event("messageStart", {"role": "assistant"})
        for at, block in enumerate(_write_blocks(exchange)):
            place = {"contentBlockIndex": at}
            if "toolUse" in block:
                use = block["toolUse"]
                start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
                yield frame_aws_event("contentBlockStart", {**place, "start": start})
                pieces = split_arguments(json.dumps(use["input"]))
                deltas: list[Body] = [{"toolUse": {"input": piece}} for piece in pieces]
            else:
                deltas = [{"text": word} for word in split_words(block["text"])]
            for delta in deltas:
                yield frame_aws_event("contentBlockDelta", {**place, "delta": delta})
            yield frame_aws_event("contentBlockStop", place)
        yield frame_aws_event("messageStop", {"stopReason": _stop(exchange)})
        yield frame_aws_event("metadata", {"usage": _write_usage(exchange.tokens), "metrics": {"latencyMs": 1}})

    def write_error(self, status: int, message: str) -> Body:
        """Make the error body of AWS's services."""
        return {"__type": ERROR_KINDS.get(status, "InternalServerException"), "message": message}


def _read_turn(turn: Mapping[str, Any]) -> Iterator[Message]:
    uses = []
    for block in turn["content"]:
        if "toolResult" in block:
            result = block["toolResult"]
            parts = [part.get("text") or json.dumps(part.get("json")) for part in result["content"]]
            yield Message("tool", " ".join(parts), tool_use_id=result["toolUseId"])
        if "toolUse" in block:
            use = block["toolUse"]
            uses.append(ToolUse(use["name"], use["input"], use["toolUseId"]))
    text = " ".join(block["text"] for block in turn["content"] if "text" in block)
    if text or uses:
        yield Message(turn["role"], text, tuple(uses))


def _write_blocks(exchange: Exchange) -> list[Body]:
    text: list[Body] = [{"text": exchange.reply.text}] if exchange.reply.text else []
    uses = [
        {"toolUse": {"toolUseId": use.id, "name": use.name, "input": dict(use.arguments)}}
        for use in exchange.reply.tool_uses
    ]
    return text + uses


def _stop(exchange: Exchange) -> str:
    return "tool_use" if exchange.reply.tool_uses else "end_turn"


def _write_usage(tokens: TokenCount) -> Body:
    return {
        "inputTokens": tokens.input - tokens.cached,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.output,
        "cacheReadInputTokens": tokens.cached,
        "cacheWriteInputTokens": 0,
    }
