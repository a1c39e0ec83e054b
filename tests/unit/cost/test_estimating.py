"""Streams that ended before anybody had counted their tokens: what is known of them is counted, and marked."""

from __future__ import annotations

import pytest

from foretell.cost.estimating import estimate_stream, read_texts
from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Kind
from foretell.model.payload import Captured
from foretell.model.usage import Usage

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "12345678"}]}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "1234"}], "finish_reason": "error"}]


def make_call(
    provider: str = "openai",
    usage: Usage | None = None,
    finish_reasons: tuple[str, ...] = (),
    *,
    said: object = SAID,
    asked: object = ASKED,
    is_stream: bool = True,
) -> Call:
    call = Call(Kind.LLM, "m", id=1, trace_id=1, run_id="r", start_ns=0)
    call.facts = InferenceFacts(provider, request_model="m", finish_reasons=finish_reasons, is_stream=is_stream)
    call.usage = usage
    call.input = None if asked is None else Captured(asked, 1)
    call.output = None if said is None else Captured(said, 1)
    return call


def estimate(call: Call) -> Usage | None:
    estimate_stream(call)
    return call.usage


def test_what_went_out_and_what_had_arrived_is_counted():
    assert Usage(uncached_input=2, output=1, is_estimated=True) == estimate(make_call())


def test_an_input_that_the_provider_told_stays():
    """Anthropic's, which tells 1 for an output that is still to come."""
    told = Usage(uncached_input=30, cache_read=128, output=1)
    said = [{"role": "assistant", "parts": [{"type": "text", "content": "1" * 40}]}]

    assert Usage(uncached_input=30, cache_read=128, output=10, is_estimated=True) == estimate(
        make_call("anthropic", told, said=said)
    )
    assert Usage(uncached_input=30, cache_read=128, output=1, is_estimated=True) == estimate(
        make_call("anthropic", told, said=None)
    )


@pytest.mark.parametrize(
    "call",
    [
        make_call(finish_reasons=("stop",)),
        make_call(is_stream=False),
        make_call(said=None),
        make_call(said=[{"role": "assistant", "parts": []}]),
        make_call(asked=None),
    ],
    ids=["to its end", "no stream", "content is off", "nothing arrived", "nobody knows what was asked"],
)
def test_else_unknown_stays_unknown(call):
    assert None is estimate(call)


def test_counts_of_the_provider_are_no_estimate():
    told = Usage(uncached_input=30, output=7)

    assert told == estimate(make_call(usage=told)) == estimate(make_call("anthropic", told, ("stop",)))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("words", "words"),
        ([{"role": "user", "content": "words"}, {"role": "user", "content": [{"type": "text", "text": "more"}]}],
         "wordsmore"),
        ([{"id": "c-1", "object": "chunk", "model": "m", "choices": [{"delta": {"role": "assistant", "content": "a"}}]},
          {"id": "c-1", "choices": [{"delta": {"tool_calls": [{"id": "t", "function": {"arguments": "{}"}}]}}]}],
         "a{}"),
        ([{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "b"}}], "b"),
        ([{"type": "response.output_text.delta", "delta": "c", "item_id": "i"}], "c"),
        ([{"parts": [{"type": "blob", "content": "A" * 100}, {"type": "image_url", "image_url": {"url": "data:"}}]}], ""),
        ({"messages": [{"content": "d"}], "tools": [{"name": "look"}]}, 'd[{"name":"look"}]'),
        ([{"role": "tool", "parts": [{"type": "tool_call", "id": "t", "arguments": {"a": 1}}]}], '{"a":1}'),
        (None, ""),
    ],
)  # fmt: skip
def test_what_is_text_counts_in_any_providers_shape(content, texts):
    """Ids, roles, types and the bytes of images do not."""
    assert texts == read_texts(content)
