"""Messages of every provider in the conventions' schema."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from foretell.semconv.conformance import check_messages
from foretell.semconv.messages.parts import parse
from foretell.semconv.messages.schema import read_request, read_response, read_tools

HI = {"type": "text", "content": "Hi"}
CALL = {"type": "tool_call", "name": "find", "arguments": {"q": 1}, "id": "c1"}
ANSWER = {"type": "tool_call_response", "response": {"hits": 2}, "id": "c1"}

OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q":1}'}}
CONVERSATION = [
    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
    {"role": "user", "parts": [HI]},
    {"role": "assistant", "parts": [CALL]},
    {"role": "tool", "parts": [ANSWER]},
]

REQUESTS = {
    "openai_chat": (
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": '{"hits":2}'},
            ]
        },
        CONVERSATION,
    ),
    "openai_responses": (
        {
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"q":1}'},
                {"type": "function_call_output", "call_id": "c1", "output": '{"hits":2}'},
            ],
        },
        CONVERSATION[1:],
    ),
    "anthropic": (
        {
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "find", "input": {"q": 1}}]},
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "c1",
                            "content": [{"type": "text", "text": '{"hits":2}'}],
                        }
                    ],
                },
            ],
        },
        [*CONVERSATION[1:3], {"role": "user", "parts": [ANSWER]}],
    ),
    "gemini": (
        {
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "find", "args": {"q": 1}}}]},
                {"role": "user", "parts": [{"functionResponse": {"id": "c1", "response": {"hits": 2}}}]},
            ],
            "config": {"system_instruction": {"parts": [{"text": "Be brief."}]}},
        },
        [*CONVERSATION[1:3], {"role": "user", "parts": [ANSWER]}],
    ),
    "bedrock": (
        {
            "system": [{"text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"text": "Hi"}]},
                {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "find", "input": {"q": 1}}}]},
                {
                    "role": "user",
                    "content": [{"toolResult": {"toolUseId": "c1", "content": [{"json": {"hits": 2}}]}}],
                },
            ],
        },
        [*CONVERSATION[1:3], {"role": "user", "parts": [ANSWER]}],
    ),
    "langchain": ([{"type": "human", "content": "Hi"}], [CONVERSATION[1]]),
    "plain": ("Hi", [CONVERSATION[1]]),
    "arguments": ({"question": "Hi"}, [CONVERSATION[1]]),
    "recorded_arguments": (
        {"args": [], "kwargs": {"messages": [{"role": "user", "content": "Hi"}]}},
        [CONVERSATION[1]],
    ),
    "strings": ({"prompt": ["Hi", "Ho"]}, [{"role": "user", "parts": [HI, {"type": "text", "content": "Ho"}]}]),
    "already": ({"messages": CONVERSATION}, CONVERSATION),
    "unknown": ({"a": 1, "b": 2}, [{"role": "user", "parts": [{"type": "text", "content": '{"a":1,"b":2}'}]}]),
    "nothing": (None, []),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_requests_become_messages(case):
    """The same conversation reads the same, whichever provider it went to."""
    request, expected = REQUESTS[case]

    assert expected == read_request(request).messages


@pytest.mark.parametrize("case", ["openai_responses", "anthropic", "gemini", "bedrock"])
def test_instructions_kept_apart_stay_apart(case):
    """Where a provider has a field for instructions, so have the conventions."""
    assert [{"type": "text", "content": "Be brief."}] == read_request(REQUESTS[case][0]).system_instructions


def test_instructions_among_the_messages_are_a_message():
    """OpenAI's chat has no field for instructions."""
    assert read_request(REQUESTS["openai_chat"][0]).system_instructions is None


RESPONSES = {
    "openai_chat": (
        {
            "choices": [
                {"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"},
                {"message": {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]}},
            ]
        },
        [{"role": "assistant", "parts": [HI]}, {"role": "assistant", "parts": [CALL]}],
    ),
    "openai_completions": ({"choices": [{"text": "Hi"}]}, [{"role": "assistant", "parts": [HI]}]),
    "openai_responses": (
        {
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
                {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": '{"q":1}'},
            ]
        },
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}, HI, CALL]}],
    ),
    "anthropic": (
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "…"},
                {"type": "text", "text": "Hi"},
                {"type": "tool_use", "id": "c1", "name": "find", "input": {"q": 1}},
            ],
        },
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}, HI, CALL]}],
    ),
    "gemini": (
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hm.", "thought": True}, {"text": "Hi"}]}}]},
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}, HI]}],
    ),
    "bedrock": (
        {"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}},
        [{"role": "assistant", "parts": [HI]}],
    ),
    "ollama": (
        {"message": {"role": "assistant", "content": "Hi", "thinking": "Hm."}},
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}, HI]}],
    ),
    "plain": ("Hi", [{"role": "assistant", "parts": [HI]}]),
    "named": ({"answer": "Hi"}, [{"role": "assistant", "parts": [HI]}]),
    "number": (7, [{"role": "assistant", "parts": [{"type": "text", "content": "7"}]}]),
}


@pytest.mark.parametrize("case", RESPONSES)
def test_responses_become_messages(case):
    """The same answer reads the same, whichever provider gave it; one message a choice."""
    response, expected = RESPONSES[case]

    assert expected == read_response(response)


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
            {"type": "uri", "modality": "image", "uri": "https://x/a.png"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
            {"type": "blob", "modality": "image", "content": "QUJD", "mime_type": "image/png"},
        ),
        ({"type": "input_image", "file_id": "f1"}, {"type": "file", "modality": "image", "file_id": "f1"}),
        (
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
            {"type": "blob", "modality": "audio", "content": "QUJD", "mime_type": "audio/wav"},
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
            {"type": "blob", "modality": "image", "content": "QUJD", "mime_type": "image/png"},
        ),
        (
            {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}},
            {"type": "uri", "modality": "document", "uri": "https://x/a.pdf"},
        ),
        ({"type": "file", "file": {"file_id": "f1"}}, {"type": "file", "modality": "document", "file_id": "f1"}),
        (
            {"inlineData": {"mimeType": "video/mp4", "data": "QUJD"}},
            {"type": "blob", "modality": "video", "content": "QUJD", "mime_type": "video/mp4"},
        ),
        (
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a"}},
            {"type": "uri", "modality": "document", "uri": "gs://a", "mime_type": "application/pdf"},
        ),
        ({"type": "hologram", "beams": 3}, {"type": "hologram", "beams": 3}),
        ({"beams": 3}, {"type": "text", "content": '{"beams":3}'}),
    ],
)
def test_media_become_parts(block, part):
    """Images, sounds and files are told apart by where they lie; unknown blocks are kept."""
    assert [{"role": "user", "parts": [part]}] == read_request([{"role": "user", "content": [block]}]).messages


def test_a_providers_own_tools_are_server_tools():
    """A search that the provider ran itself is no tool call of the agent's."""
    items = [{"type": "web_search_call", "id": "ws1", "status": "completed"}]
    part = {
        "type": "server_tool_call",
        "name": "web_search_call",
        "server_tool_call": {"type": "web_search_call", "status": "completed"},
        "id": "ws1",
    }

    assert [{"role": "assistant", "parts": [part]}] == read_response({"output": items})


@pytest.mark.parametrize(
    "tools",
    [
        [{"type": "function", "function": {"name": "find", "description": "d", "parameters": {"type": "object"}}}],
        [{"type": "function", "name": "find", "description": "d", "parameters": {"type": "object"}}],
        [{"name": "find", "description": "d", "input_schema": {"type": "object"}}],
        [{"function_declarations": [{"name": "find", "description": "d", "parameters": {"type": "object"}}]}],
    ],
)
def test_tool_definitions_are_type_and_name(tools):
    """What a tool does and takes is only told on request."""
    details = {"type": "function", "name": "find", "description": "d", "parameters": {"type": "object"}}

    assert [{"type": "function", "name": "find"}] == read_tools(tools)
    assert [details] == read_tools(tools, with_details=True)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        "",
        0,
        [None],
        [[]],
        {"messages": 3},
        {"messages": [3, None, {"role": 1}]},
        {"messages": {"role": "user"}},
        {"choices": [None, {"message": None}, {}]},
        {"candidates": [{"content": None}, 5]},
        {"output": [None, 3, {"type": "message"}]},
        {"role": "assistant", "content": {"type": "image", "source": 5}},
        [{"role": "user", "content": [{"type": "image_url"}, {"type": "input_audio", "input_audio": "x"}]}],
        [{"role": "assistant", "tool_calls": ["x", {"function": "find"}]}],
        {"tools": [3], "input": "x"},
    ],
)
def test_odd_shapes_still_give_valid_messages(value):
    """Whatever a program passes around, the result follows the schema and nothing raises."""
    assert [] == check_messages(read_request(value).messages)
    assert [] == check_messages(read_response(value))


KEYS = some.sampled_from(
    [
        "role",
        "content",
        "parts",
        "type",
        "text",
        "messages",
        "input",
        "contents",
        "prompt",
        "choices",
        "message",
        "output",
        "candidates",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "image_url",
        "source",
        "source",
        "data",
        "tools",
        "system",
        "config",
        "input_audio",
        "file",
        "functionCall",
        "toolUse",
        "kwargs",
    ]
)
WORDS = some.sampled_from(
    [
        "user",
        "text",
        "image",
        "tool_use",
        "tool_result",
        "function_call",
        "message",
        "document",
        "reasoning",
        "file",
        "x",
    ]
)
SCALARS = some.none() | some.booleans() | some.integers(0, 9) | WORDS
JSON = some.recursive(SCALARS, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=5))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(JSON)
def test_any_json_gives_valid_messages(value):
    """No mixture of the providers' words makes an invalid message or raises."""
    assert [] == check_messages(read_request(value).messages)
    assert [] == check_messages(read_response(value))
    assert [] == [tool for tool in read_tools(value) if not isinstance(tool["name"], str)]


@given(
    some.text("ab 0123456789", max_size=40), some.integers(-(10**30), 10**30), some.text("ab 0123456789", max_size=40)
)
@settings(max_examples=200)
def test_integers_of_any_length_are_read_as_they_are(before: str, number: int, after: str):
    """Wherever they stand in a document: over 64 bits too."""
    assert {"before": before, "number": number, "after": after} == parse(
        f'{{"before":"{before}","number":{number},"after":"{after}"}}'
    )
