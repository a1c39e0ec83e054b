"""Finished calls get their tokens and their cost."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from foretell.cost.prices import PriceBook
from foretell.cost.refine import refine_costs
from foretell.cost.responses import take_response
from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Kind
from foretell.model.usage import Cost, Usage
from tests.unit.cost import bodies

NOON_NS = int(datetime(2026, 11, 21, 12, tzinfo=timezone.utc).timestamp()) * 1_000_000_000
PRICES = PriceBook({"prices": [{"model": "*", "input": 2, "output": 10, "cache_read": 0.5}]})


def make_call(response: Any, kind: Kind = Kind.LLM, facts: Any = None, start_ns: int = NOON_NS) -> Call:
    call = Call(kind, "gpt-4o-mini", id=1, trace_id=1, run_id="0" * 15 + "1", start_ns=start_ns)
    call.response = response
    call.facts = facts
    return call


def test_a_call_gets_facts_tokens_and_cost() -> None:
    """The skeleton is read and let go of."""
    call = make_call(take_response(bodies.OPENAI_CHAT), facts=InferenceFacts(provider="openai", request_model="gpt-4o"))

    refine_costs([call], PRICES)

    assert Usage(uncached_input=86, cache_read=1920, output=108, reasoning=192) == call.usage
    # 86*2 + 1920*0.5 + 300*10 = 172 + 960 + 3000 = 4132
    assert call.cost is not None
    assert pytest.approx(0.004132) == call.cost.amount_usd
    assert isinstance(call.facts, InferenceFacts)
    assert "gpt-4o-mini-2024-07-18" == call.facts.response_model
    assert None is call.response


def test_counts_by_hand_win_over_what_was_read() -> None:
    """A user who counts knows better."""
    call = make_call([take_response(bodies.OPENAI_CHAT), {"by_hand": {"input_tokens": 10, "output_tokens": 1}}])

    refine_costs([call], PRICES)

    assert Usage(uncached_input=10, output=1) == call.usage
    assert isinstance(call.facts, InferenceFacts)
    assert ("stop",) == call.facts.finish_reasons


def test_no_counts_stay_unknown() -> None:
    """A call whose response said nothing has neither tokens nor a cost."""
    silent = make_call(None)
    wordless = make_call([{"shape": "openai", "finish": {0: "stop"}}])

    refine_costs([silent, wordless], PRICES)

    assert (None, None, None, None) == (silent.usage, silent.cost, wordless.usage, wordless.cost)


def test_other_kinds_are_left_alone() -> None:
    """A tool's result is not a model's response."""
    call = make_call({"shape": "openai", "usage": {"prompt_tokens": 3}}, Kind.TOOL)

    refine_costs([call], PRICES)

    assert (None, None) == (call.usage, call.facts)


def test_embeddings_are_priced_too() -> None:
    """They have input only, and their vectors' length."""
    call = make_call(take_response(bodies.OPENAI_EMBEDDINGS), Kind.EMBEDDINGS)

    refine_costs([call], PRICES)

    assert call.cost is not None
    assert pytest.approx(0.000016) == call.cost.amount_usd
    assert isinstance(call.facts, InferenceFacts)
    assert ("embeddings", 3) == (call.facts.operation, call.facts.dimension_count)


def test_untracked_calls_have_tokens_but_no_cost() -> None:
    """An agent with cost tracking off still counts its tokens."""
    call = make_call([{"by_hand": {"input_tokens": 10}}])

    refine_costs([call], PRICES, is_tracked=lambda _: False)

    assert (Usage(uncached_input=10), None) == (call.usage, call.cost)


def test_usage_and_cost_that_are_there_already_stay() -> None:
    """What somebody else's instrumentation counted is priced; what it priced is not priced again."""
    counted, priced = make_call(None), make_call(None)
    counted.usage = priced.usage = Usage(uncached_input=1_000_000)
    priced.cost = Cost(1.0, "reported")

    refine_costs([counted, priced], PRICES)

    assert (Cost(2.0, "override"), Cost(1.0, "reported")) == (counted.cost, priced.cost)


def test_a_reported_cost_beats_the_list() -> None:
    """OpenRouter knows what it billed."""
    call = make_call(take_response(bodies.OPENROUTER), facts=InferenceFacts(provider="openrouter"))

    refine_costs([call], PriceBook())

    assert Cost(0.00095, "reported") == call.cost


def test_the_price_is_that_of_the_call_s_time() -> None:
    """DeepSeek's call at noon and its call at eight in the evening have different prices."""
    noon = make_call([{"by_hand": {"input_tokens": 1000}}], facts=InferenceFacts("deepseek", "chat", "deepseek-chat"))
    night = make_call(
        [{"by_hand": {"input_tokens": 1000}}],
        facts=InferenceFacts("deepseek", "chat", "deepseek-chat"),
        start_ns=NOON_NS + 8 * 3600 * 1_000_000_000,
    )

    refine_costs([noon, night], PriceBook())

    assert noon.cost is not None
    assert night.cost is not None
    assert noon.cost.amount_usd > night.cost.amount_usd


def test_one_bad_call_does_not_take_the_others_along() -> None:
    """The others are refined, then the error goes to whoever guards the batch."""
    book = PriceBook(price_function=lambda provider, model, usage, at: -1.0 if model == "bad" else 1.0)
    bad = make_call([{"by_hand": {"input_tokens": 1}}], facts=InferenceFacts(request_model="bad"))
    good = make_call([{"by_hand": {"input_tokens": 1}}], facts=InferenceFacts(request_model="good"))

    with pytest.raises(ValueError, match="price function"):
        refine_costs([bad, good], book)

    assert (None, Cost(1.0, "override")) == (bad.cost, good.cost)


def test_a_reported_cost_needs_no_tokens() -> None:
    """A gateway that tells only the money is believed."""
    call = make_call(take_response({"id": "1", "usage": {"cost": 0.25}}))

    refine_costs([call], PRICES)

    assert (None, Cost(0.25, "reported")) == (call.usage, call.cost)
