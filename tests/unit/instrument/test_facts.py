"""What an operation knows when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import foretell
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import value_of


def chat_result(prompt: int = 100, completion: int = 20, cached: int = 40) -> dict[str, Any]:
    return {
        "id": "r-1",
        "model": "gpt-4o-mini-2024-07-18",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def test_a_model_call_knows_model_usage_and_price(record: Any) -> None:
    """Read from the result, in additive buckets, priced from the list."""

    @foretell.instrument_llm(provider="openai")
    def ask(*, model: str, temperature: float) -> dict[str, Any]:
        return chat_result()

    ask(model="gpt-4o-mini", temperature=0.5)

    call = record.only()
    assert ("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", ("stop",), {"temperature": 0.5}) == (
        call.facts.provider,
        call.facts.request_model,
        call.facts.response_model,
        call.facts.finish_reasons,
        call.facts.request,
    )
    assert (60, 40, 20) == (call.usage.uncached_input, call.usage.cache_read, call.usage.output)
    # 60 x $0.15 + 40 x $0.075 + 20 x $0.60, each per million
    assert 0.000024 == pytest.approx(call.cost.amount_usd)


def test_usage_given_by_hand_counts_cached_tokens_once(record: Any) -> None:
    """`input_tokens` is all input, as the conventions have it."""
    with foretell.llm("gpt-4o-mini", provider="openai") as op:
        op.record_usage(input_tokens=100, output_tokens=20, cache_read_tokens=40)

    usage = record.only().usage
    assert (60, 40, 20, 100) == (usage.uncached_input, usage.cache_read, usage.output, usage.input_tokens)


def test_what_changes_after_the_call_is_not_in_the_record(record: Any) -> None:
    """Arguments, results and usage read as they were when the call was made."""
    result = chat_result()
    messages = [{"role": "user", "content": "first"}]

    @foretell.instrument_llm(provider="openai", model="gpt-4o-mini")
    def ask(messages: list[dict[str, str]]) -> dict[str, Any]:
        return result

    ask(messages)
    messages[0]["content"] = "changed"
    messages.append({"role": "user", "content": "second"})
    result["usage"]["prompt_tokens"] = 999_999
    result["choices"][0]["message"]["content"] = "changed"

    call = record.only()
    assert {"messages": [{"role": "user", "content": "first"}]} == value_of(call.input)
    assert "hi" == value_of(call.output)["choices"][0]["message"]["content"]
    assert 100 == call.usage.input_tokens


def test_agents_sum_what_is_below_them_once(record: Any) -> None:
    """Tokens and cost of sub-agents are in the sums above; their calls are their own."""

    @foretell.instrument_llm(provider="openai", model="gpt-4o-mini")
    def ask() -> dict[str, Any]:
        return chat_result(100, 10, 0)

    with foretell.workflow("all"), foretell.agent("outer"):
        ask()
        with foretell.tool("t"), foretell.agent("inner"):
            ask()
            ask()

    sums = {call.name: call.totals for call in record.ended() if call.totals}
    assert (1, 1, 300) == (sums["outer"].inference_calls, sums["outer"].tool_calls, sums["outer"].input_tokens)
    assert (2, 0, 200) == (sums["inner"].inference_calls, sums["inner"].tool_calls, sums["inner"].input_tokens)
    assert 300 == sums["all"].input_tokens
    assert 3 * (100 * 0.15e-6 + 10 * 0.6e-6) == pytest.approx(sums["all"].cost_usd)


def test_a_stream_is_timed_chunk_by_chunk_and_its_text_joined(record: Any) -> None:
    """Time to the first chunk, gaps after it, usage from the last, one text."""

    @foretell.instrument_llm(provider="openai", model="gpt-4o-mini")
    def ask() -> Iterator[dict[str, Any]]:
        for piece in ("Hel", "lo"):
            yield {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": piece}}]}
        yield {"object": "chat.completion.chunk", "choices": [], "usage": chat_result()["usage"]}

    list(ask())

    call = record.only()
    assert "Hello" == value_of(call.output)
    assert 100 == call.usage.input_tokens
    assert call.facts.is_stream
    assert 2 == len(call.facts.chunk_gaps_s)
    assert 0 < call.facts.time_to_first_chunk_s


def test_an_unknown_price_is_unknown(record: Any) -> None:
    """Not zero: the agent's sum says that it is a lower bound."""
    with foretell.agent("a"), foretell.llm("my-own-model", provider="me") as op:
        op.record_usage(input_tokens=10, output_tokens=10)

    agent, call = record.ended()
    assert call.cost is None
    assert 1 == agent.totals.unpriced_calls


def test_errors_are_described_and_pass_unchanged(record: Any) -> None:
    """Type, message and stack; the stack once, with the innermost operation."""
    error = ValueError("no such order")
    with pytest.raises(ValueError) as caught, foretell.agent("outer"), foretell.tool("inner"):
        raise error

    outer, inner = record.ended()
    assert caught.value is error
    assert ("ValueError", "no such order") == (inner.error.type, inner.error.message)
    assert "raise error" in inner.error.stacktrace
    assert ("ValueError", "") == (outer.error.type, outer.error.stacktrace)


def test_an_error_handled_by_the_program_is_recorded_by_hand(record: Any) -> None:
    """The operation ends as failed without raising."""
    with foretell.tool("t") as op:
        op.record_error(RuntimeError("handled"))

    assert (Outcome.ERROR, "RuntimeError") == (record.only().outcome, record.only().error.type)


def test_events_validations_attributes_and_scores_are_kept(record: Any) -> None:
    """Everything the program says about its operation is there."""
    with foretell.agent("a") as op:
        op.set_attribute("shop", "north")
        op.add_event("retrying", attempt=2)
        op.record_validation("schema", False, reason="missing field")
        foretell.score("helpful", 1.0, comment="thanks")

    call = record.only()
    assert {"shop": "north"} == call.attributes
    assert [
        ("retrying", {"attempt": 2}),
        ("foretell.validation", {"name": "schema", "passed": False, "reason": "missing field"}),
    ] == [(event.name, event.fields) for event in call.events]
    assert [("helpful", 1.0, call.run_id, call.span_id)] == [
        (score.name, score.value, score.run_id, score.span_id) for score in record.scores
    ]


def test_capture_is_decided_by_decorator_and_session_replay(record: Any) -> None:
    """A decorator may switch content off; `session_replay` keeps everything below its agent."""

    @foretell.instrument_tool(capture_inputs=False)
    def half(x: int) -> int:
        return x

    half(1)
    with foretell.agent("replayed", session_replay=True):
        half(2)

    first, _, second = record.ended()
    assert (None, 1) == (first.input, value_of(first.output))
    assert {"x": 2} == value_of(second.input)


def test_costs_can_be_left_untracked(record: Any) -> None:
    """Below an agent with `cost_tracking=False` tokens are counted and not priced."""
    with foretell.agent("a", cost_tracking=False), foretell.llm("gpt-4o-mini", provider="openai") as op:
        op.record_usage(input_tokens=10, output_tokens=10)

    call = record.ended()[1]
    assert (10, None) == (call.usage.input_tokens, call.cost)


def test_facts_after_the_end_are_ignored(record: Any) -> None:
    """An operation that ended says no more, and nothing raises."""
    with foretell.tool("t") as op:
        pass
    op.set_output("late")
    op.add_event("late")
    op.record_usage(input_tokens=1)
    op.finish("late")

    call = record.only()
    assert (None, None, Outcome.OK) == (call.output, call.events, call.outcome)


def test_kinds_of_blocks(record: Any) -> None:
    """Each word of the context API makes its kind."""
    with (
        foretell.workflow("w"), foretell.agent("a"), foretell.plan("p"), foretell.llm("m"), foretell.tool("t"),
        foretell.retriever("r"), foretell.memory("s"), foretell.step("x"), foretell.llm("e", operation="embeddings"),
    ):  # fmt: skip
        pass

    assert [
        Kind.WORKFLOW, Kind.AGENT, Kind.PLAN, Kind.LLM, Kind.TOOL, Kind.RETRIEVER, Kind.MEMORY, Kind.STEP, Kind.EMBEDDINGS,
    ] == [call.kind for call in record.ended()]  # fmt: skip
