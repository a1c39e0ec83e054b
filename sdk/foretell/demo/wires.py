"""The formats in which a model server is spoken to: one class for each, between bytes and a `Conversation`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from foretell.demo.conversation import Conversation, Message, Reply, TokenCount, ToolUse

Body = dict[str, Any]  # JSON


class Wire(Protocol):
    """One provider's format."""

    path: str
    """Where requests in this format are posted."""

    def read(self, body: Mapping[str, Any]) -> Conversation:
        """Understand a request; a KeyError, TypeError or ValueError says that it makes no sense."""

    def write(self, conversation: Conversation, reply: Reply, tokens: TokenCount, reply_id: str) -> Body:
        """Make the whole response."""

    def write_events(
        self, conversation: Conversation, reply: Reply, tokens: TokenCount, reply_id: str
    ) -> Iterator[str]:
        """Make the response as server-sent events, piece by piece."""

    def write_error(self, status: int, message: str) -> Body:
        """Make the body that goes with an HTTP status of 400 and above."""


class OpenAIChat:
    """OpenAI's chat completions."""

    path = "/v1/chat/completions"

    def read(self, body: Mapping[str, Any]) -> Conversation:
        """Understand a request for a chat completion."""
        return Conversation(
            model=str(body["model"]),
            messages=tuple(_read_message(message) for message in body["messages"]),
            tools=frozenset(tool["function"]["name"] for tool in body.get("tools") or ()),
            is_stream=bool(body.get("stream")),
            has_stream_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        )

    def write(self, conversation: Conversation, reply: Reply, tokens: TokenCount, reply_id: str) -> Body:
        """Make a `chat.completion` with one choice."""
        message: Body = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.tool_uses:
            message["tool_calls"] = [_write_tool_use(use) for use in reply.tool_uses]
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(reply), "logprobs": None}
        return {
            **_write_frame("chat.completion", conversation, reply_id),
            "choices": [choice],
            "usage": _write_usage(tokens),
        }

    def write_events(
        self, conversation: Conversation, reply: Reply, tokens: TokenCount, reply_id: str
    ) -> Iterator[str]:
        """Make `chat.completion.chunk`s: the role, the text word by word, each tool use in pieces, the end."""
        frame = _write_frame("chat.completion.chunk", conversation, reply_id)

        def chunk(delta: Body, finish_reason: str | None = None) -> str:
            choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
            return json.dumps({**frame, "choices": [choice]})

        yield chunk({"role": "assistant", "content": "", "refusal": None})
        for word in reply.text.split(" ") if reply.text else ():
            yield chunk({"content": f"{word} "})
        for at, use in enumerate(reply.tool_uses):
            whole = _write_tool_use(use)
            arguments = whole["function"].pop("arguments")
            whole["function"]["arguments"] = ""
            yield chunk({"tool_calls": [{"index": at, **whole}]})
            for start in range(0, len(arguments), 12):
                piece = {"index": at, "function": {"arguments": arguments[start : start + 12]}}
                yield chunk({"tool_calls": [piece]})
        yield chunk({}, _finish_reason(reply))
        if conversation.has_stream_usage:
            yield json.dumps({**frame, "choices": [], "usage": _write_usage(tokens)})
        yield "[DONE]"

    def write_error(self, status: int, message: str) -> Body:
        """Make OpenAI's error body."""
        kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
        code = "rate_limit_exceeded" if status == 429 else None
        return {"error": {"message": message, "type": kind.get(status, "server_error"), "param": None, "code": code}}


def _read_message(message: Mapping[str, Any]) -> Message:
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = " ".join(part.get("text", "") for part in content)
    uses = tuple(
        ToolUse(use["function"]["name"], json.loads(use["function"]["arguments"] or "{}"), use["id"])
        for use in message.get("tool_calls") or ()
    )
    return Message(message["role"], content, uses, message.get("tool_call_id", ""))


def _write_tool_use(use: ToolUse) -> Body:
    function = {"name": use.name, "arguments": json.dumps(dict(use.arguments))}
    return {"id": use.id, "type": "function", "function": function}


def _write_frame(kind: str, conversation: Conversation, reply_id: str) -> Body:
    # A fixed moment: the same conversation is answered by the same bytes.
    return {"id": f"chatcmpl-{reply_id}", "object": kind, "created": 1_780_000_000, "model": conversation.model}


def _write_usage(tokens: TokenCount) -> Body:
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def _finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.tool_uses else "stop"
