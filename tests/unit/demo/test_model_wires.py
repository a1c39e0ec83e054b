"""Each format: a conversation is understood however it is written, and what is told can be read again."""

from __future__ import annotations

import json
import re
import struct
import zlib

import pytest

from foretell.cost.responses import add_response, take_response
from foretell.cost.usage import merge_usage, read_usage
from foretell.demo.conversation import Conversation, Exchange, Message, Reply, TokenCount, ToolUse
from foretell.demo.serving.troubles import Trouble, read_model_trouble
from foretell.demo.wires import WIRES

TOLD = TokenCount(input=200, output=30, cached=128, reasoning=10)
USE = ToolUse("get_weather", {"city": "Rome"}, "call_1")
NAMES = [wire.name for wire in WIRES if wire.name != "openai_embeddings"]
FUNCTION = {"name": "get_weather", "description": "", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": FUNCTION}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}
CHAT = {
    "model": "m",
    "tools": [TOOL],
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ],
}
ASKED = {
    "openai_chat": ("/v1/chat/completions", CHAT),
    "groq": ("/openai/v1/chat/completions", CHAT),
    "cohere": ("/v2/chat", CHAT),
    "openai_responses": (
        "/v1/responses",
        {
            "model": "m",
            "instructions": "Be brief.",
            "tools": [{"type": "function", **FUNCTION}],
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Rome"}'},
                {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
            ],
        },
    ),
    "anthropic": (
        "/v1/messages",
        {
            "model": "m",
            "system": [{"type": "text", "text": "Be brief."}],
            "tools": [{"name": "get_weather", "input_schema": {}}],
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Rome"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"}]},
            ],
        },
    ),
    "gemini": (
        "/v1beta/models/m:generateContent",
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "tools": [{"functionDeclarations": [FUNCTION]}],
            "contents": [
                {"role": "user", "parts": [{"text": "Weather?"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}}]},
                {"role": "user", "parts": [{"functionResponse": {
                    "name": "get_weather", "response": {"result": "sunny"}}}]},
            ],
        },
    ),
    "bedrock": (
        "/model/m/converse",
        {
            "system": [{"text": "Be brief."}],
            "toolConfig": {"tools": [{"toolSpec": FUNCTION}]},
            "messages": [
                {"role": "user", "content": [{"text": "Weather?"}]},
                {"role": "assistant", "content": [
                    {"toolUse": {"toolUseId": "call_1", "name": "get_weather", "input": {"city": "Rome"}}}]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}}]},
            ],
        },
    ),
    "ollama": (
        "/api/chat",
        {
            "model": "m",
            "stream": False,
            "tools": [TOOL],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "tool_calls": [
                    {"function": {"name": "get_weather", "arguments": {"city": "Rome"}}}]},
                {"role": "tool", "tool_name": "get_weather", "content": "sunny"},
            ],
        },
    ),
}  # fmt: skip


def find(name):
    return next(wire for wire in WIRES if wire.name == name)


def exchange(**about):
    conversation = Conversation("m", (Message("user", "Weather?"),), has_stream_usage=True, **about)
    return Exchange(conversation, Reply("It is sunny.", (USE,)), TOLD, "abc")


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_with_a_tool_is_understood(name):
    path, body = ASKED[name]
    wire = find(name)
    read = wire.read(body, re.fullmatch(wire.path, path).groupdict())

    assert ("m", "Weather?", False) == (read.model, read.task, read.is_stream)
    assert {"get_weather"} == read.tools
    assert [("get_weather", {"city": "Rome"}, "sunny")] == [
        (use.name, use.arguments, told) for use, told in read.list_results()
    ]
    assert "Be brief." == read.messages[0].text


def skeletons(chunks):
    found = []
    for chunk in chunks:
        add_response(found, chunk)
    return found


def cut(frames):
    """The JSON in each frame of a stream, whatever the frame."""
    for frame in frames:
        if frame.startswith((b"data: ", b"event: ")):
            text = frame.decode().partition("data: ")[2].strip()
            if text != "[DONE]":
                yield json.loads(text)
        elif frame.startswith(b"{"):
            yield json.loads(frame)
        else:
            yield read_aws_event(frame)


def read_aws_event(frame):
    whole, headers = struct.unpack("!II", frame[:8])
    assert len(frame) == whole
    assert zlib.crc32(frame[:8]) == struct.unpack("!I", frame[8:12])[0]
    assert zlib.crc32(frame[:-4]) == struct.unpack("!I", frame[-4:])[0]
    kind = re.search(rb":event-type\x07..([a-zA-Z]+)", frame, re.DOTALL)[1].decode()
    return {kind: json.loads(frame[12 + headers : -4])}


def tokens_of(found):
    usage = read_usage(merge_usage(found), found[0]["shape"])
    return usage.input_tokens, usage.output_tokens


@pytest.mark.parametrize("name", NAMES)
def test_tokens_are_told_as_the_provider_tells_them(name):
    wire = find(name)

    assert (200, 30) == tokens_of([take_response(wire.write(exchange()))])


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_tells_the_same_tokens(name):
    frames = list(find(name).write_stream(exchange(is_stream=True)))

    assert (200, 30) == tokens_of(skeletons(cut(frames)))


@pytest.mark.parametrize(
    ("model", "trouble"),
    [
        ("gpt-4o-mini", Trouble()),
        ("gpt-4o-mini-fails-429", Trouble(status=429)),
        ("m-waits-2", Trouble(delay_s=2.0)),
        ("m-waits-2000", Trouble(delay_s=30.0)),
        ("m-breaks", Trouble(is_broken=True)),
        ("m-drips-0.2", Trouble(chunk_s=0.2)),
    ],
)
def test_a_models_name_asks_for_trouble(model, trouble):
    assert trouble == read_model_trouble(model)
