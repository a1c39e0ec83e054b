"""A call that goes on after its method has returned ends with its stream, however that ends, and is one call."""

from __future__ import annotations

import asyncio
import gc
import json
from types import SimpleNamespace

import pytest
from opentelemetry.context import get_current

from foretell.integrations.operations.openai_requests import RESPONSES
from tests.unit.integrations.operations.clients import ANSWER, ASKED, USAGE, Stream, chunk, make_client

ALL = (
    chunk("Sun", role="assistant"),
    chunk("ny."),
    chunk(reason="stop"),
    {"id": "chatcmpl-1", "choices": [], "usage": USAGE},
)


def read_output(call):
    return json.loads(call.output_payload.text)["choices"]


def test_a_stream_that_is_read_is_as_the_answer_would_have_been(world, record):
    client = make_client(world.wire(), lambda _: Stream(*ALL))
    before = get_current()
    stream = client.create(**ASKED, stream=True)

    assert before is get_current()
    assert isinstance(stream, Stream)
    assert [] == record.ended()
    assert list(ALL) == list(stream)

    call = record.only()
    assert ("ok", True, ("stop",)) == (call.outcome.value, call.facts.is_stream, call.facts.finish_reasons)
    assert (7, 3, False) == (call.usage.input_tokens, call.usage.output_tokens, call.usage.is_estimated)
    assert call.facts.time_to_first_chunk_s > 0
    assert [
        {"index": 0, "message": {"role": "assistant", "content": "Sunny."}, "finish_reason": "stop"}
    ] == read_output(call)


def test_tool_calls_that_come_in_pieces_are_put_together(world, record):
    pieces = (
        chunk(tool_calls=[{"index": 0, "id": "call_1", "function": {"name": "get_weather", "arguments": '{"ci'}}]),
        chunk(tool_calls=[{"index": 0, "function": {"arguments": 'ty": "Oslo"}'}}]),
        chunk(reason="tool_calls"),
    )
    list(make_client(world.wire(), lambda _: Stream(*pieces)).create(**ASKED, stream=True))

    (choice,) = read_output(record.only())
    assert [
        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
    ] == choice["message"]["tool_calls"]


def leave(stream):
    next(stream)


def close_under_it(stream):
    """As helpers around streams do."""
    next(stream)
    assert "closed" == stream.response.close()


@pytest.mark.parametrize("way", [leave, close_under_it])
def test_a_stream_that_is_left_did_not_fail_and_its_tokens_are_estimated(world, record, way):
    stream = make_client(world.wire(), lambda _: Stream(*ALL)).create(**ASKED, stream=True)
    way(stream)
    del stream
    gc.collect()

    call = record.only()
    assert ("ok", None) == (call.outcome.value, call.error)
    assert (True, 2, 1) == (call.usage.is_estimated, call.usage.input_tokens, call.usage.output_tokens)


def test_a_stream_that_breaks_is_an_error_with_what_had_come(world, record):
    stream = make_client(world.wire(), lambda _: Stream(ALL[0], ConnectionError("gone"))).create(**ASKED, stream=True)
    with pytest.raises(ConnectionError, match="gone"):
        list(stream)

    call = record.only()
    assert ("error", "ConnectionError", True) == (call.outcome.value, call.error.type, call.usage.is_estimated)
    assert "Sun" == read_output(call)[0]["message"]["content"]


def test_a_responses_last_event_has_the_whole(world, record):
    whole = {"object": "response", "id": "resp_1", "status": "completed", "usage": {"input_tokens": 7, "output_tokens": 3},
             "output": [{"type": "message", "content": [{"type": "output_text", "text": "Sunny."}]}]}  # fmt: skip
    events = (
        {"type": "response.created", "response": {"object": "response", "status": "in_progress"}},
        {"type": "response.output_text.delta", "delta": "Sunny."},
        {"type": "response.completed", "response": whole},
    )
    list(make_client(world.wire(), lambda _: Stream(*events), RESPONSES).create(model="gpt-4o", input="?", stream=True))

    call = record.only()
    assert whole == json.loads(call.output_payload.text)
    assert ("resp_1", 7, 3) == (call.facts.response_id, call.usage.input_tokens, call.usage.output_tokens)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "Sorry."},
        {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Sorry."}}},
    ],
)
def test_a_response_that_fails_in_its_stream_has_failed(world, record, event):
    delta = {"type": "response.output_text.delta", "delta": "Sun"}
    client = make_client(world.wire(), lambda _: Stream(delta, event), RESPONSES)
    list(client.create(model="gpt-4o", input="?", stream=True))

    assert ("error", "server_error") == (record.only().outcome.value, record.only().error.type)


def test_a_stream_of_which_others_tell_too_is_one_call(world, record):
    world.is_doubled = True
    list(make_client(world.wire(), lambda _: Stream(*ALL)).create(**ASKED, stream=True))

    call = record.only()
    assert (True, 7, 3) == (call.facts.is_stream, call.usage.input_tokens, call.usage.output_tokens)
    assert "Sunny." in call.output_payload.text


class RawAnswer:
    """What `with_raw_response` and `with_streaming_response` give."""

    def __init__(self, body=None, parsed=None, *, is_read=True):
        self.status_code = 200
        self.parsed = parsed
        self.http_response = SimpleNamespace(is_closed=is_read, close=lambda: None)
        if is_read:
            self.http_response.content = json.dumps(body).encode()

    def parse(self):
        return self.parsed

    def close(self):
        return "closed"


class LaterAnswer(RawAnswer):
    async def parse(self):
        return self.parsed


def ask_raw(world, answer):
    return make_client(world.wire(), lambda _: answer).create(**ASKED, extra_headers={"X-Raw": "true"})


def test_a_raw_answer_that_was_read_tells_its_body_and_is_itself(world, record):
    answer = RawAnswer(ANSWER)

    assert answer is ask_raw(world, answer)
    assert (7, "chatcmpl-1") == (record.only().usage.input_tokens, record.only().facts.response_id)
    assert "Sunny." in record.only().output_payload.text


def test_a_raw_answer_that_is_no_json_is_a_call_without_tokens(world, record):
    answer = RawAnswer(ANSWER)
    answer.http_response.content = b"<html>"

    assert answer is ask_raw(world, answer)
    assert ("ok", None) == (record.only().outcome.value, record.only().usage)


def test_a_raw_answers_stream_is_told_and_is_the_same_each_time(world, record):
    answer = ask_raw(world, RawAnswer(parsed=Stream(*ALL), is_read=False))

    assert (200, True) == (answer.status_code, isinstance(answer, RawAnswer))
    assert answer.parse() is answer.parse()
    assert list(ALL) == list(answer.parse())
    assert (7, 3) == (record.only().usage.input_tokens, record.only().usage.output_tokens)


@pytest.mark.parametrize("kind", [RawAnswer, LaterAnswer])
def test_a_raw_answer_that_is_parsed_later_ends_then(world, record, kind):
    answer = ask_raw(world, kind(parsed=ANSWER, is_read=False))
    assert [] == record.ended()

    parsed = answer.parse()
    assert ANSWER is (asyncio.run(_await(parsed)) if kind is LaterAnswer else parsed)
    assert 7 == record.only().usage.input_tokens


async def _await(awaitable):
    return await awaitable


def test_a_raw_answer_that_is_read_past_us_has_its_tokens_when_it_is_closed(world, record):
    answer = ask_raw(world, RawAnswer(is_read=False))
    answer.http_response.content = json.dumps(ANSWER).encode()

    assert "closed" == answer.close()
    assert 7 == record.only().usage.input_tokens


def test_a_raw_answer_that_nobody_reads_ends_with_it(world, record):
    answer = ask_raw(world, RawAnswer(is_read=False))
    del answer
    gc.collect()

    assert ("ok", None) == (record.only().outcome.value, record.only().usage)
