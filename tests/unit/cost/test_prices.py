"""What tokens cost: real prices of the list, and who wins over whom."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot

from foretell.cost.prices import PriceBook
from foretell.model.usage import Cost, Usage

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
USAGE = Usage(uncached_input=1000, cache_read=500, cache_write=100, output=400, reasoning=50)


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook()


# provider, model, tokens, USD
REAL = [
    # 0.15 in, 0.075 cached, 0.60 out: 1000*0.15 + 500*0.075 + 450*0.6 = 150 + 37.5 + 270 = 457.5
    ("openai", "gpt-4o-mini", Usage(1000, 500, 0, 400, 50), 0.0004575),
    # 2.50 in, 1.25 cached, 10 out: 2500 + 625 + 4500 = 7625
    ("openai", "gpt-4o-2024-08-06", Usage(1000, 500, 0, 400, 50), 0.007625),
    # 1.10 in, 4.40 out: 1100 + 1980 = 3080
    ("openai", "o3-mini", Usage(1000, 0, 0, 100, 350), 0.00308),
    # 0.02 in: 8 * 0.02 = 0.16
    ("openai", "text-embedding-3-small", Usage(8), 0.00000016),
    # 3 in, 0.30 cached, 3.75 written, 15 out: 3000 + 150 + 375 + 6750 = 10275
    ("anthropic", "claude-sonnet-4-5-20250929", USAGE, 0.010275),
    # beyond 200,000 tokens of input: 6 in, 0.60 cached, 22.50 out: 60000 + 120000 + 2250 = 182250
    ("anthropic", "claude-sonnet-4-5", Usage(10_000, 200_000, 0, 100, 0), 0.18225),
    # exactly 200,000 are not beyond: 3*10000 + 0.3*190000 + 15*100 = 30000 + 57000 + 1500 = 88500
    ("anthropic", "claude-sonnet-4-5", Usage(10_000, 190_000, 0, 100, 0), 0.0885),
    # 0.30 in, 0.03 cached, 2.50 out, thoughts as output: 300 + 15 + 1125 = 1440
    ("gcp.gemini", "gemini-2.5-flash", Usage(1000, 500, 0, 400, 50), 0.00144),
    # 1.00 for audio in: 300*0.3 + 700*1.0 + 400*2.5 = 90 + 700 + 1000 = 1790
    ("gcp.vertex_ai", "gemini-2.5-flash",
     Usage(1000, output=400, input_by_modality={"audio": 700, "text": 300}), 0.00179),
    # 1.25 in, 10 out: 1250 + 4500 = 5750
    ("gcp.gen_ai", "models/gemini-2.5-pro", Usage(1000, 0, 0, 400, 50), 0.00575),
    # 3.30 in, 0.33 cached, 4.125 written, 16.50 out in a region: 3300 + 165 + 412.5 + 7425 = 11302.5
    ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", USAGE, 0.0113025),
    # 0.06 in, 0.24 out: 60 + 108 = 168
    ("aws.bedrock", "us.amazon.nova-lite-v1:0", Usage(1000, output=450), 0.000168),
    # 0.59 in, 0.79 out: 590 + 355.5 = 945.5
    ("groq", "llama-3.3-70b-versatile", Usage(1000, output=450), 0.0009455),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "model", "usage", "usd"), REAL)
def test_real_prices(book: PriceBook, provider: str, model: str, usage: Usage, usd: float) -> None:
    """Known models cost what their makers' price pages say."""
    cost = book.price(provider, model, usage, NOON)

    assert cost is not None
    assert pytest.approx(usd, abs=1e-12) == cost.amount_usd
    assert "genai-prices" == cost.source
    assert isinstance(cost.price_date, date)
    assert NOON.date() >= cost.price_date


def _listed() -> list[tuple[str, str]]:
    listed = [
        (provider.id, model.id)
        for provider in get_snapshot().providers
        for model in provider.models
        if model.id not in {"whisper-large-v3", "whisper-large-v3-turbo"}  # billed by the second
    ]
    return listed[::5]


@pytest.mark.parametrize("usage", [Usage(1000, 500, 100, 400, 50), Usage(150_000, 400_000, 0, 90_000, 10_000)])
def test_our_multiplication_is_the_list_s_own(book: PriceBook, usage: Usage) -> None:
    """Over the whole list our fast way gives what `genai_prices.calc_price` gives."""
    compared = 0
    for provider, model in _listed():
        cost = book.price(provider, model, usage, NOON)
        if cost is None:
            continue
        counts: dict[str, int] = {
            "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write,
        }  # fmt: skip
        if "output_reasoning_tokens" in _known_counts():
            counts["output_reasoning_tokens"] = usage.reasoning
        theirs = genai_prices.calc_price(
            genai_prices.Usage(**counts), model, provider_id=provider, genai_request_timestamp=NOON
        )
        assert pytest.approx(float(theirs.total_price), abs=1e-9) == cost.amount_usd, (provider, model)
        compared += 1

    assert 100 < compared


def _known_counts() -> list[str]:
    try:
        from genai_prices.data_units import unit_data
    except ImportError:  # older lists know no reasoning
        return []
    return list(unit_data)


def test_the_hour_of_the_day_counts_where_the_price_says_so(book: PriceBook) -> None:
    """DeepSeek's prices differ by the time of day, and the cache knows it."""
    costs = []
    for hour in (12, 20, 12):
        at = NOON.replace(hour=hour)
        cost = book.price("deepseek", "deepseek-chat", Usage(1000, output=100), at)
        theirs = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1000, output_tokens=100), "deepseek-chat", provider_id="deepseek",
            genai_request_timestamp=at,
        )  # fmt: skip
        assert cost is not None
        assert pytest.approx(float(theirs.total_price)) == cost.amount_usd
        costs.append(cost.amount_usd)

    assert costs[0] == costs[2] != costs[1]


def test_a_time_zone_is_no_other_time(book: PriceBook) -> None:
    """Noon in UTC is noon in UTC, however it is written."""
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))

    assert book.price("deepseek", "deepseek-chat", USAGE, NOON) == book.price(
        "deepseek", "deepseek-chat", USAGE, elsewhere
    )
    assert book.price("deepseek", "deepseek-chat", USAGE, NOON) == book.price(
        "deepseek", "deepseek-chat", USAGE, NOON.replace(tzinfo=None)
    )


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "openai/gpt-4o"), ("azure.ai.openai", "gpt-4o"), ("openai", "gpt-4o-2031-01-01"),
        ("litellm", "azure/gpt-4o"), (None, "gpt-4o"), (None, "openai/gpt-4o"), ("openai", "gpt-4o-2024-08-06"),
    ],
)  # fmt: skip
def test_one_model_under_many_names(book: PriceBook, provider: str | None, model: str) -> None:
    """Gateways, clouds and dates around a name do not hide the model."""
    usage = Usage(1000, 500, 0, 400, 50)

    assert book.price("openai", "gpt-4o", usage, NOON) == book.price(provider, model, usage, NOON)


def test_names_that_clouds_make_longer(book: PriceBook) -> None:
    """Vertex's resource names and Bedrock's ARNs contain the model's id."""
    flash = book.price("gcp.gemini", "gemini-2.5-flash", USAGE, NOON)
    sonnet = book.price("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", USAGE, NOON)

    assert flash == book.price(
        "gcp.vertex_ai", "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash", USAGE, NOON
    )
    assert sonnet == book.price(
        "aws.bedrock",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        USAGE,
        NOON,
    )
    assert sonnet is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "my-own-model"), ("nobody", "gpt-4o"), ("ollama", "llama3.2"), ("vllm", "gpt-4o"), (None, "llama3"),
     (None, "ollama/llama3"), ("openai", ""), ("openai", None)],
)  # fmt: skip
def test_an_unknown_price_is_unknown(book: PriceBook, provider: str | None, model: str | None) -> None:
    """Never 0: a model that nobody priced has no cost, local ones included."""
    assert None is book.price(provider, model, USAGE, NOON)


def test_tokens_without_a_price_make_the_call_unpriced(book: PriceBook) -> None:
    """An embedding model has no price for output: a call that claims some is not half priced."""
    assert None is book.price("openai", "text-embedding-3-small", Usage(8, output=3), NOON)


def test_a_service_tier_has_its_own_price(book: PriceBook) -> None:
    """Flex is half of the standard price; a tier without a price of its own costs the standard."""
    if not hasattr(get_snapshot().providers[0].models[0], "price_variants"):
        pytest.skip("this version of genai-prices knows no tiers")
    # 0.625 in, 0.0625 cached, 5 out: 625 + 31.25 + 2250 = 2906.25
    flex = book.price("openai", "gpt-5", Usage(1000, 500, 0, 400, 50), NOON, service_tier="flex")

    assert flex is not None
    assert pytest.approx(0.00290625) == flex.amount_usd
    assert book.price("openai", "gpt-5", USAGE, NOON) == book.price(
        "openai", "gpt-5", USAGE, NOON, service_tier="default"
    )


def test_fast_answers_cost_what_the_list_says(book: PriceBook) -> None:
    """Anthropic's fast mode is a price of its own wherever the list has one."""
    fast = [
        (provider.id, model.id)
        for provider in get_snapshot().providers
        for model in provider.models
        if any(variant.when == {"speed": "fast"} for variant in getattr(model, "price_variants", None) or ())
    ]
    for provider, model in fast:
        theirs = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1000, output_tokens=100),
            model,
            provider_id=provider,
            genai_request_timestamp=NOON,
            price_context={"speed": "fast"},
        )
        cost = book.price(provider, model, Usage(1000, output=100), NOON, service_tier="fast")
        assert cost is not None
        assert pytest.approx(float(theirs.total_price)) == cost.amount_usd


def test_gateways_route_by_the_name(book: PriceBook) -> None:
    """LiteLLM's names begin with the provider that serves the call."""
    expected = book.price("aws.bedrock", "us.amazon.nova-lite-v1:0", USAGE, NOON)

    assert expected is not None
    assert expected == book.price("litellm", "bedrock/us.amazon.nova-lite-v1:0", USAGE, NOON)


def test_cache_kept_for_an_hour_costs_more(book: PriceBook) -> None:
    """Claude Sonnet: 3.75 for five minutes, 6 for an hour: 100*3.75 + 300*6 = 2175."""
    cost = book.price("anthropic", "claude-sonnet-4-5", Usage(cache_write=400, cache_write_1h=300), NOON)

    assert cost is not None
    assert pytest.approx(0.002175) == cost.amount_usd


def test_the_answering_model_is_priced_before_the_one_asked_for(book: PriceBook) -> None:
    """An Azure deployment has any name; the response says which model it is."""
    expected = book.price("azure.ai.openai", "gpt-4o", USAGE, NOON)

    assert expected == book.price("azure.ai.openai", "gpt-4o-2024-08-06", USAGE, NOON, request_model="my-deployment")
    assert expected == book.price("azure.ai.openai", None, USAGE, NOON, request_model="gpt-4o")
    assert expected == book.price("azure.ai.openai", "unheard-of", USAGE, NOON, request_model="gpt-4o")


def table(*prices: dict[str, Any]) -> dict[str, Any]:
    return {"date": date(2026, 11, 1), "prices": list(prices)}


def test_the_order_of_sources() -> None:
    """Function, then own prices of the agent, own prices, the provider's report, the list."""
    own = table(
        {"model": "gpt-4o", "input": 1, "output": 1}, {"model": "gpt-4o", "agent": "a", "input": 2, "output": 2}
    )
    usage = Usage(1_000_000)

    asked = PriceBook(own, lambda provider, model, usage, at: 9.0 if model == "gpt-4o" else None)
    told = PriceBook(own)

    assert Cost(9.0, "override") == asked.price("openai", "gpt-4o", usage, NOON, "a", reported_usd=5.0)
    assert Cost(5.0, "reported") == asked.price("openai", "gpt-5", usage, NOON, "a", reported_usd=5.0)
    assert Cost(2.0, "override", date(2026, 11, 1)) == told.price(
        "openai", "gpt-4o", usage, NOON, "a", reported_usd=5.0
    )
    assert Cost(1.0, "override", date(2026, 11, 1)) == told.price(
        "openai", "gpt-4o", usage, NOON, "b", reported_usd=5.0
    )
    assert Cost(5.0, "reported") == told.price("openai", "gpt-5", usage, NOON, reported_usd=5.0)
    assert Cost(0.0, "reported") == told.price("nobody", "nothing", usage, NOON, reported_usd=0.0)


def test_a_local_model_may_have_a_price() -> None:
    """Ollama is free where you say so: then it costs 0, which is known."""
    book = PriceBook(table({"provider": "ollama", "model": "*", "input": 0, "output": 0}))

    assert Cost(0.0, "override", date(2026, 11, 1)) == book.price("ollama", "llama3.2", USAGE, NOON)
    assert None is book.price("nobody", "llama3.2", USAGE, NOON)


def test_the_entry_that_says_more_wins() -> None:
    """Exact before longer beginning before any, a named provider before none, whatever their order."""
    book = PriceBook(
        table(
            {"model": "gpt-4o-mini", "input": 5, "output": 1},
            {"model": "gpt-4o*", "provider": "azure", "input": 4, "output": 1},
            {"model": "gpt-4o*", "input": 3, "output": 1},
            {"model": "gpt*", "input": 2, "output": 1},
            {"model": "*", "input": 1, "output": 1},
        )
    )

    def input_price(provider: str, model: str) -> float | None:
        cost = book.price(provider, model, Usage(1_000_000), NOON)
        return cost and cost.amount_usd

    assert [5, 4, 3, 2, 1] == [
        input_price("azure.ai.openai", "GPT-4o-mini"),
        input_price("azure.ai.openai", "gpt-4o-x"),
        input_price("openai", "gpt-4o-x"),
        input_price("openai", "gpt-5"),
        input_price("openai", "o3"),
    ]


def test_own_prices_know_the_name_that_was_asked_for() -> None:
    """An override for a deployment holds although the response names the model behind it."""
    book = PriceBook(table({"model": "my-deployment", "input": 7, "output": 1}))

    cost = book.price("azure.ai.openai", "gpt-4o-2024-08-06", Usage(1_000_000), NOON, request_model="my-deployment")

    assert cost is not None
    assert 7 == cost.amount_usd


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_a_price_function_returns_money(amount: float) -> None:
    """What is no amount is refused, not recorded."""
    book = PriceBook(price_function=lambda provider, model, usage, at: amount)

    with pytest.raises(ValueError, match="Return USD from 0 up, or None"):
        book.price("openai", "gpt-4o", USAGE, NOON)


def test_context_windows(book: PriceBook) -> None:
    """The list's window, another provider's word for the same model, your own, or unknown."""
    own = PriceBook(table({"model": "mine", "input": 0, "output": 0, "context_window": 4096}))

    assert 128_000 == book.context_window("openai", "gpt-4o-mini")
    assert 1_048_576 == book.context_window("gcp.gemini", "models/gemini-2.5-pro")
    assert 4096 == own.context_window("ollama", "mine")
    assert None is book.context_window("openai", "my-own-model")
    assert None is own.context_window("ollama", "llama3.2")


def test_listing_prices() -> None:
    """`foretell prices` shows own prices first, then the list, per million tokens."""
    book = PriceBook(table({"model": "gpt-4o-mini", "agent": "planner", "input": 0.1, "output": 0.2}))

    rows = book.list_prices("gpt-4o-mini", at=NOON)
    first = rows[0]
    listed = next(row for row in rows if (row.provider, row.model) == ("openai", "gpt-4o-mini"))

    assert ("*", "gpt-4o-mini", "planner", 0.1, 0.2, 0.1, "override", date(2026, 11, 1)) == (
        first.provider, first.model, first.agent, first.input_usd, first.output_usd, first.cache_read_usd,
        first.source, first.date,
    )  # fmt: skip
    assert (0.15, 0.6, 0.075, "genai-prices", 128_000) == (
        listed.input_usd, listed.output_usd, listed.cache_read_usd, listed.source, listed.context_window,
    )  # fmt: skip
    assert [] == book.list_prices("no such model", at=NOON)
    assert 500 < len(book.list_prices(at=NOON))
