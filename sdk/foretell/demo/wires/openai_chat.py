"""OpenAI's chat completions, which Mistral, Groq and many others speak as well."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretell.demo.conversation import Conversation, Exchange, Message, TokenCount, ToolUse
from foretell.demo.wires.wire import CREATED_S, EVENTS_TYPE, Body, frame_event, read_text, split_arguments, split_words


class OpenAIChat:
    """OpenAI's chat completions."""

    name = "openai_chat"
    path = r"/v1/chat/completions"
    stream_type = EVENTS_TYPE

    def read(self, body: Mapping[str, Any], place: Mapping[str, str]) -> Conversation:
        """Understand a request for a chat completion."""
        return Conversation(
            model=str(body["model"]),
            messages=tuple(_read_message(message) for message in body["messages"]),
            tools=frozenset(tool["function"]["name"] for tool in body.get("tools") or ()),
            is_stream=bool(body.get("stream")),
            has_stream_usage=self._tells_unasked(body) or bool((body.get("stream_options") or {}).get("include_usage")),
            output_schema=_read_schema(body.get("response_format") or {}),
        )

    def _tells_unasked(self, body: Mapping[str, Any]) -> bool:
        """Whether a stream ends with counts of tokens without being asked to: Mistral's does."""
        return str(body["model"]).startswith("mistral")

    def write(self, exchange: Exchange) -> Body:
        """Make a `chat.completion` with one choice."""
        message: Body = {"role": "assistant", "content": exchange.reply.text or None, "refusal": None}
        if exchange.reply.tool_uses:
            message["tool_calls"] = [_write_tool_use(use) for use in exchange.reply.tool_uses]
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(exchange), "logprobs": None}
        return {
            **_write_frame("chat.completion", exchange),
            "choices": [choice],
            "usage": write_usage(exchange.tokens),
        }

    def write_stream(self, exchange: Exchange) -> Iterator[bytes]:
        """Make `chat.completion.chunk`s: the role, the text word by word, each tool use in pieces, the end."""
        frame = _write_frame("chat.completion.chunk", exchange)

        def chunk(delta: Body, finish_reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
            return frame_event({**frame, "choices": [choice]})

        yield chunk({"role": "assistant", "content": "", "refusal": None})
        for word in split_words(exchange.reply.text):
            yield chunk({"content": word})
        for at, use in enumerate(exchange.reply.tool_uses):
            whole = _write_tool_use(use)
            arguments = whole["function"].pop("arguments")
            whole["function"]["arguments"] = ""
            yield chunk({"tool_calls": [{"index": at, **whole}]})
            for piece in split_arguments(arguments):
                yield chunk({"tool_calls": [{"index": at, "function": {"arguments": piece}}]})
        yield chunk({}, _finish_reason(exchange))
        if exchange.conversation.has_stream_usage:
            yield frame_event({**frame, "choices": [], **self._write_last(exchange)})
        yield frame_event("[DONE]")

    def _write_last(self, exchange: Exchange) -> Body:
        """Count the tokens at the end of a stream."""
        return {"usage": write_usage(exchange.tokens)}

    def write_error(self, status: int, message: str) -> Body:
        """Make OpenAI's error body."""
        return write_openai_error(status, message)


def write_openai_error(status: int, message: str) -> Body:
    """Make the error body of all of OpenAI's formats."""
    kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
    code = "rate_limit_exceeded" if status == 429 else None
    return {"error": {"message": message, "type": kind.get(status, "server_error"), "param": None, "code": code}}


def write_usage(tokens: TokenCount) -> Body:
    """Count tokens as chat completions do."""
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def _read_message(message: Mapping[str, Any]) -> Message:
    uses = tuple(
        ToolUse(use["function"]["name"], _read_arguments(use["function"]["arguments"]), use["id"])
        for use in message.get("tool_calls") or ()
    )
    return Message(message["role"], read_text(message.get("content")), uses, message.get("tool_call_id") or "")


def _read_arguments(arguments: Any) -> Mapping[str, Any]:
    given: Mapping[str, Any] = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
    return given


def _read_schema(form: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if form.get("type") == "json_schema":
        schema: Mapping[str, Any] = form["json_schema"]["schema"]
        return schema
    return {} if form.get("type") == "json_object" else None


def _write_tool_use(use: ToolUse) -> Body:
    function = {"name": use.name, "arguments": json.dumps(dict(use.arguments))}
    return {"id": use.id, "type": "function", "function": function}


def _write_frame(kind: str, exchange: Exchange) -> Body:
    model = exchange.conversation.model
    return {"id": f"chatcmpl-{exchange.id}", "object": kind, "created": CREATED_S, "model": model}


def _finish_reason(exchange: Exchange) -> str:
    return "tool_calls" if exchange.reply.tool_uses else "stop"
