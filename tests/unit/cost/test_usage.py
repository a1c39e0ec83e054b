"""Reading counts into buckets in which no token stands twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.cost.usage import estimate_usage, merge_usage, read_facts, read_usage
from foretell.model.facts import InferenceFacts
from foretell.model.usage import Usage

COUNTS = st.one_of(
    st.none(), st.integers(-5, 10**9), st.floats(), st.text(max_size=3), st.integers(0, 99).map(str), st.booleans()
)
NAMES = st.sampled_from([
    "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "cached_tokens",
    "cache_read_input_tokens", "cache_creation_input_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "prompt_token_count", "candidates_token_count", "cached_content_token_count",
    "thoughts_token_count", "tool_use_prompt_token_count", "inputTokens", "outputTokens", "cacheReadInputTokens",
    "cacheWriteInputTokens", "prompt_eval_count", "eval_count", "prompt_cache_hit_tokens", "audio_tokens",
    "image_tokens", "ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens", "text_tokens",
])  # fmt: skip
NESTS = st.sampled_from([
    "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details",
    "cache_creation", "billed_units", "tokens",
])  # fmt: skip
FLAT = st.dictionaries(NAMES, COUNTS, max_size=8)
RAW = st.builds(lambda flat, deep: {**flat, **deep}, FLAT, st.dictionaries(NESTS, FLAT, max_size=3))
SHAPES = st.sampled_from([None, "openai", "anthropic", "google", "bedrock", "cohere", "x_ai", "gcp.gemini"])


@settings(max_examples=400, deadline=None)
@given(raw=RAW, shape=SHAPES)
def test_buckets_add_up_and_are_never_negative(raw: dict[str, Any], shape: str | None) -> None:
    """Whatever a body claims, no bucket is negative, none overlaps, and parts do not exceed their whole."""
    usage = read_usage(raw, shape)

    if usage is None:
        return
    parts = (usage.uncached_input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning)
    assert all(type(part) is int and part >= 0 for part in parts)
    assert sum(parts[:3]) == usage.input_tokens
    assert sum(parts[3:]) == usage.output_tokens
    assert usage.cache_write_1h <= usage.cache_write
    for split, whole in (
        (usage.input_by_modality, usage.input_tokens),
        (usage.output_by_modality, usage.output_tokens),
        (usage.cache_read_by_modality, usage.input_tokens),
    ):
        assert sum(split.values()) <= whole


@given(
    prompt=st.integers(0, 10**6), completion=st.integers(0, 10**6),
    cached=st.integers(0, 10**6), reasoning=st.integers(0, 10**6),
)  # fmt: skip
def test_openai_sums_are_kept(prompt: int, completion: int, cached: int, reasoning: int) -> None:
    """The buckets of OpenAI's body always add up to the sums that it gave."""
    usage = read_usage({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": min(cached, prompt)},
        "completion_tokens_details": {"reasoning_tokens": min(reasoning, completion)},
    })  # fmt: skip

    assert usage is not None
    assert (prompt, completion) == (usage.input_tokens, usage.output_tokens)
    assert (min(cached, prompt), min(reasoning, completion)) == (usage.cache_read, usage.reasoning)


@given(plain=st.integers(0, 10**6), read=st.integers(0, 10**6), written=st.integers(0, 10**6))
def test_anthropic_input_is_what_is_left_out_too(plain: int, read: int, written: int) -> None:
    """Anthropic's `input_tokens` is one bucket; all input is the sum of three."""
    usage = read_usage({"input_tokens": plain, "cache_read_input_tokens": read, "cache_creation_input_tokens": written})

    assert usage is not None
    assert (plain, read, written) == (usage.uncached_input, usage.cache_read, usage.cache_write)


@pytest.mark.parametrize("raw", [None, {}, {"prompt_tokens": None}, {"cost": 0.1}, {"prompt_tokens": "many"},
                                 {"input_tokens": True}, {"seconds": 4}, {"total_tokens": float("nan")}])  # fmt: skip
def test_no_counts_are_no_usage(raw: dict[str, Any] | None) -> None:
    """A body without counts is unknown, not zero tokens."""
    assert None is read_usage(raw)


def test_counts_may_be_texts_and_floats() -> None:
    """Some gateways write numbers as strings."""
    assert Usage(uncached_input=12, output=3) == read_usage({"prompt_tokens": "12", "completion_tokens": 3.0})


def test_sound_is_told_from_text() -> None:
    """OpenAI's audio tokens are part of the sums."""
    usage = read_usage({
        "prompt_tokens": 115, "completion_tokens": 260,
        "prompt_tokens_details": {"audio_tokens": 100, "text_tokens": 15, "cached_tokens": 0},
        "completion_tokens_details": {"audio_tokens": 200, "text_tokens": 60},
    })  # fmt: skip

    assert usage is not None
    assert {"audio": 100, "text": 15} == dict(usage.input_by_modality)
    assert {"audio": 200, "text": 60} == dict(usage.output_by_modality)


def test_google_modalities_include_the_prompts_of_tools() -> None:
    """Input by modality adds up to all input."""
    usage = read_usage({
        "prompt_token_count": 30, "tool_use_prompt_token_count": 5,
        "prompt_tokens_details": [{"modality": "TEXT", "token_count": 10}, {"modality": "AUDIO", "token_count": 20}],
        "tool_use_prompt_tokens_details": [{"modality": "TEXT", "token_count": 5}],
    })  # fmt: skip

    assert usage is not None
    assert {"text": 15, "audio": 20} == dict(usage.input_by_modality)
    assert 35 == usage.input_tokens


def test_thoughts_that_only_the_total_tells_are_output() -> None:
    """Gemini behind OpenAI's API hides its thoughts in the difference to the total."""
    usage = read_usage({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}, "gcp.gemini")

    assert Usage(uncached_input=10, output=5, reasoning=25) == usage


def test_other_totals_add_nothing() -> None:
    """A total that is larger than its parts says nothing about thoughts where the provider is not Google."""
    usage = read_usage({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}, "openai")

    assert Usage(uncached_input=10, output=5) == usage


def test_a_stream_s_last_word_wins() -> None:
    """Counts of a stream are cumulative."""
    merged = merge_usage([
        {"usage": {"promptTokenCount": 11, "candidatesTokenCount": 1}},
        {"finish": {0: "STOP"}},
        {"usage": {"promptTokenCount": 11, "candidatesTokenCount": 5}},
    ])  # fmt: skip

    assert {"promptTokenCount": 11, "candidatesTokenCount": 5} == merged


def test_an_empty_end_takes_nothing_back() -> None:
    """Some servers end Anthropic's stream with an input of 0."""
    merged = merge_usage([
        {"usage": {"input_tokens": 472, "output_tokens": 1}}, {"usage": {"input_tokens": 0, "output_tokens": 89}}
    ])  # fmt: skip

    assert {"input_tokens": 472, "output_tokens": 89} == merged


def test_counts_by_hand_win() -> None:
    """What the user says counts, cached tokens included in the input."""
    usage = read_facts(
        [
            {"shape": "openai", "usage": {"prompt_tokens": 1, "completion_tokens": 1}},
            {"by_hand": {"input_tokens": 100, "cache_read_tokens": 60}},
            {"by_hand": {"output_tokens": 40, "reasoning_tokens": 30}},
        ],
        InferenceFacts(),
    )

    assert Usage(uncached_input=40, cache_read=60, output=10, reasoning=30) == usage


def test_parts_by_hand_are_not_lost() -> None:
    """Cached tokens without a sum are still tokens."""
    usage = read_facts([{"by_hand": {"cache_read_tokens": 60, "output_tokens": None}}], InferenceFacts())

    assert Usage(cache_read=60) == usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"cost": 0.00095}, 0.00095),
        ({"cost": 0}, 0.0),
        ({"cost": {"total_cost": 0.011, "request_cost": 0.006}}, 0.011),
        ({"cost": 0.0001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.002}}, 0.0021),
        ({"cost": 0.0001, "is_byok": True, "cost_details": None}, None),
        ({"cost_in_usd_ticks": 37756000}, 0.0037756),
        ({"cost": -1}, None),
        ({"cost": "dear"}, None),
        ({"prompt_tokens": 3}, None),
    ],
)
def test_reported_costs(usage: dict[str, Any], expected: float | None) -> None:
    """OpenRouter, Perplexity and xAI say what a call cost."""
    facts = InferenceFacts()

    read_facts([{"shape": "openai", "usage": usage}], facts)

    assert expected == (None if facts.reported_cost_usd is None else pytest.approx(facts.reported_cost_usd))


def test_a_provider_is_told_by_its_body() -> None:
    """Where nobody named the provider, an unmistakable body does; what was said stays."""
    unsaid, said = InferenceFacts(), InferenceFacts(provider="aws.bedrock")
    skeletons = [{"shape": "anthropic", "usage": {"input_tokens": 1}}]

    read_facts(skeletons, unsaid)
    read_facts(skeletons, said)

    assert ("anthropic", "aws.bedrock") == (unsaid.provider, said.provider)


def test_bodies_that_many_speak_name_nobody() -> None:
    """Half the world speaks OpenAI's language: only OpenAI's own models tell that it is OpenAI."""
    theirs, ours = InferenceFacts(), InferenceFacts()

    read_facts([{"shape": "openai", "model": "llama-3.3-70b", "usage": {"prompt_tokens": 1}}], theirs)
    read_facts([{"shape": "openai", "model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 1}}], ours)

    assert (None, None) == (theirs.provider, theirs.api_type)
    assert ("openai", "chat_completions") == (ours.provider, ours.api_type)


def test_estimates_say_that_they_are() -> None:
    """About four characters are a token, rounded up."""
    assert Usage(uncached_input=3, output=1, is_estimated=True) == estimate_usage("ten chars!", "abc")
