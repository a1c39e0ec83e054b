"""A client's call as an operation: what it asks and answers, how it ends, and that it is one call beside others."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from wrapt import FunctionWrapper

import foretell
from foretell.errors import RunHalted
from foretell.instrument import state
from foretell.integrations.operations.fetches import Fetches
from foretell.integrations.operations.openai_requests import EMBEDDINGS, RESPONSES
from tests.unit.integrations.operations.clients import ANSWER, ASKED, make_client


def test_a_call_has_what_was_asked_and_answered(world, record):
    client = make_client(world.wire(), ANSWER)

    assert ANSWER is client.create(**ASKED, temperature=0.5, max_completion_tokens=9, seed=4, n=2, stop="End")

    call = record.only()
    facts = call.facts
    assert ("llm", "gpt-4o-mini", "ok") == (call.kind.value, call.name, call.outcome.value)
    assert ("openai", "chat", "gpt-4o-mini") == (facts.provider, facts.operation, facts.request_model)
    assert ("model.test", 8443, "chat_completions") == (facts.server_address, facts.server_port, facts.api_type)
    assert {
        "temperature": 0.5, "max_tokens": 9, "seed": 4, "choice_count": 2, "stop_sequences": ["End"],
    } == facts.request  # fmt: skip
    assert (("stop",), "chatcmpl-1", ANSWER["model"]) == (facts.finish_reasons, facts.response_id, facts.response_model)
    assert (7, 3) == (call.usage.input_tokens, call.usage.output_tokens)
    assert '"Weather?"' in call.input_payload.text
    assert '"Sunny."' in call.output_payload.text


def test_headers_are_no_content(world, record):
    make_client(world.wire(), ANSWER).create(**ASKED, extra_headers={"Authorization": "Bearer secret"}, timeout=3)

    assert "secret" not in record.only().input_payload.text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"type": "json_schema", "json_schema": {}}, "json"),
        ({"type": "text"}, "text"),
        ("json_object", "json"),
        (dict, "json"),
        (None, None),
    ],
)
def test_the_format_that_is_asked_for_is_the_sort_of_output(world, record, asked, expected):
    make_client(world.wire(), ANSWER).create(**ASKED, response_format=asked)

    assert expected == record.only().facts.output_type


def test_what_a_helper_passes_on_as_not_given_was_not(world, record):
    class NotGiven:
        def __bool__(self):
            return False

    make_client(world.wire(), ANSWER).create(**ASKED, temperature=NotGiven(), tools=NotGiven(), stream=NotGiven())

    call = record.only()
    assert (None, False) == (call.facts.request, call.facts.is_stream)
    assert "tools" not in call.input_payload.text


def test_messages_that_change_afterwards_are_recorded_as_they_were(world, record):
    messages = [{"role": "user", "content": "before"}]

    def answer(_):
        messages[0]["content"] = "after"
        return ANSWER

    make_client(world.wire(), answer).create(model="gpt-4o-mini", messages=messages)

    assert "before" in record.only().input_payload.text


def test_an_error_goes_on_unchanged_and_is_the_calls(world, record):
    client = make_client(world.wire(), ConnectionError("no route"))

    with pytest.raises(ConnectionError, match="no route"):
        client.create(**ASKED)

    call = record.only()
    assert ("error", "ConnectionError", None) == (call.outcome.value, call.error.type, call.usage)


def test_a_halt_goes_on_too(world, record):
    client = make_client(world.wire(), RunHalted("agent_loop", {}, "", "1"))

    with pytest.raises(RunHalted):
        client.create(**ASKED)

    assert "halted" == record.only().outcome.value


@pytest.mark.parametrize("is_doubled", [False, True])
def test_a_response_that_says_it_failed_has(world, record, is_doubled):
    world.is_doubled = is_doubled
    failed = {"object": "response", "id": "resp_1", "status": "failed", "output": [], "usage": {"input_tokens": 2},
              "error": {"code": "server_error", "message": "Sorry."}}  # fmt: skip
    client = make_client(world.wire(), failed, RESPONSES)

    assert failed is client.create(model="gpt-4o-mini", input="Weather?", conversation={"id": "conv_1"})

    call = record.only()
    assert ("error", "server_error", "Sorry.") == (call.outcome.value, call.error.type, call.error.message)
    assert "conv_1" == call.session.conversation_id


def test_a_response_whose_conversation_was_shortened_says_so(world, record):
    answer = {"object": "response", "status": "completed", "output": [], "usage": {"input_tokens": 2}}
    client = make_client(world.wire(), answer, RESPONSES)
    client.create(model="gpt-4o-mini", input=[{"type": "compaction", "id": "c"}], reasoning={"effort": "low"})

    facts = record.only().facts
    assert (True, "responses", ("stop",)) == (facts.conversation_is_compacted, facts.api_type, facts.finish_reasons)
    assert {"reasoning_level": "low"} == facts.request


def test_embeddings_have_their_size_and_no_contents(world, record):
    answer = {"model": "text-embedding-3-small", "data": [{"embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 5}}
    client = make_client(world.wire(), answer, EMBEDDINGS)
    client.create(model="text-embedding-3-small", input=["text"], encoding_format="float")

    call = record.only()
    assert ("embeddings", 2, 5) == (call.kind.value, call.facts.dimension_count, call.usage.input_tokens)
    assert {"encoding_formats": "float"} == call.facts.request
    assert (None, None) == (call.input_payload, call.output_payload)


def test_an_awaited_call_begins_when_it_is_awaited(world, record):
    client = make_client(world.wire(), ANSWER)

    async def ask():
        coroutine = client.create_later(**ASKED)
        assert [] == record.ended()
        assert {} == state.current.open_calls
        return await coroutine

    assert ANSWER is asyncio.run(ask())
    assert "ok" == record.only().outcome.value


def test_a_cancelled_call_is_cancelled(world, record):
    async def ask():
        await make_client(world.wire(), asyncio.CancelledError()).create_later(**ASKED)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())

    assert "cancelled" == record.only().outcome.value


def test_inside_an_agent_it_stands_below_it(world, record):
    client = make_client(world.wire(), ANSWER)

    @foretell.instrument_agent(name="weather")
    def answer():
        client.create(**ASKED)

    answer()

    assert {"weather": None, "gpt-4o-mini": "weather"} == record.tree()


def test_inside_a_model_call_of_a_decorators_it_is_that_call(world, record):
    """With the tokens that were told inside."""
    client = make_client(world.wire(), ANSWER)

    @foretell.instrument_llm(name="ask", model="my-model")
    def ask():
        return client.create(**ASKED)["choices"][0]["message"]["content"]

    assert "Sunny." == ask()
    call = record.only()
    assert ("ask", 7, "my-model") == (call.name, call.usage.input_tokens, call.facts.request_model)


def test_inside_a_frameworks_model_call_there_is_one_with_its_tokens_once(world, record):
    client = make_client(world.wire(), ANSWER)
    about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": 99}
    with world.framework.start_as_current_span("chat", attributes=about):
        client.create(**ASKED)

    (call,) = [one for one in record.ended() if one.kind.value == "llm"]
    assert 7 == call.usage.input_tokens


def test_inside_a_frameworks_agent_it_is_that_agents(world, record):
    client = make_client(world.wire(), ANSWER)
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
    with world.framework.start_as_current_span("invoke_agent planner", attributes=about):
        client.create(**ASKED)

    assert {"planner": None, "gpt-4o-mini": "planner"} == record.tree()
    assert ["planner", "planner"] == [call.agent_name for call in record.ended()]


def test_where_others_tell_of_it_too_only_we_hear_of_ours(world, record):
    world.is_doubled = True
    client = make_client(world.wire(), ANSWER)

    assert ANSWER is client.create(**ASKED, temperature=0.5)
    assert [] == world.exported()
    call = record.only()
    assert ("openai", {"temperature": 0.5}, "model.test") == (
        call.facts.provider, call.facts.request, call.facts.server_address,
    )  # fmt: skip
    assert (7, 3) == (call.usage.input_tokens, call.usage.output_tokens)
    assert '"Weather?"' in call.input_payload.text
    assert '"Sunny."' in call.output_payload.text


def test_where_the_program_wants_contents_on_spans_they_are_there_by_the_conventions(world, record):
    make_client(world.wire(is_shown=True), ANSWER).create(**ASKED)

    (span,) = world.exporter.get_finished_spans()
    assert (
        '[{"role":"user","parts":[{"type":"text","content":"Weather?"}]}]' == span.attributes["gen_ai.input.messages"]
    )
    assert "Sunny." in span.attributes["gen_ai.output.messages"]


@pytest.mark.parametrize("way", ["off", "no recording"])
def test_switched_off_or_without_a_recording_it_is_just_called(world, record, way):
    client = make_client(world.wire(), ANSWER)
    client.calls.is_on = way != "off"
    before = state.current
    state.current = before if way == "off" else None
    try:
        assert ANSWER is client.create(**ASKED)
        assert ANSWER is asyncio.run(client.create_later(**ASKED))
    finally:
        state.current = before

    assert [] == record.ended()


def test_a_fault_of_ours_changes_nothing(world, record):
    client = make_client(world.wire(), ANSWER)

    assert ANSWER is client.create(model=["no", "name"], messages=iter(()))


def test_after_many_models_the_first_is_known_again(world, record):
    client = make_client(world.wire(), ANSWER)
    for number in range(501):
        client.create(model=f"model-{number}", messages=[])
    client.create(model="model-0", messages=[])

    assert "model-0" == record.ended()[-1].facts.request_model


def test_an_answer_that_is_fetched_later_is_no_model_call(world, record):
    """It has no tokens, and nobody else's contents."""

    class Responses:
        _client = SimpleNamespace(base_url=SimpleNamespace(host="model.test", port=443))

        def retrieve(self, response_id):
            return {"id": response_id, "model": "gpt-4o", "status": "completed", "usage": {"input_tokens": 9}}

    Responses.retrieve = FunctionWrapper(Responses.retrieve, Fetches(world.wire(), RESPONSES))

    assert "resp_1" == Responses().retrieve("resp_1")["id"]
    (span,) = world.exporter.get_finished_spans()
    assert {
        "gen_ai.operation.name": "fetch_response",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.response.status": "completed",
        "openai.api.type": "responses",
        "server.address": "model.test",
    } == dict(span.attributes)
    assert ("span", "fetch_response", None) == (record.only().kind.value, record.only().name, record.only().usage)


def test_inside_any_other_span_that_is_part_of_its_run(world, record):
    """A request to a service that has no agent, for example."""
    client = make_client(world.wire(), ANSWER)
    with world.framework.start_as_current_span("GET /weather", attributes={"http.request.method": "GET"}):
        client.create(**ASKED)
        client.create(**ASKED)

    calls = record.ended()
    (around,) = [call for call in calls if call.kind.value == "span"]
    assert [("llm", around.span_id)] * 2 == [(call.kind.value, call.parent_id) for call in calls if call is not around]
    assert {around.run_id} == {call.run_id for call in calls}
