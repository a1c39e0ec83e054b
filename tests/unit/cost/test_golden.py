"""Real-shaped bodies of every provider: their buckets, and what they cost by a price list with one price per bucket."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from foretell.cost.prices import PriceBook
from foretell.cost.responses import take_response
from foretell.cost.usage import read_facts
from foretell.model.facts import InferenceFacts
from foretell.model.usage import Usage
from tests.unit.cost import bodies

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)

# Another price for each bucket, so that a token in the wrong one shows.
PRICES = {
    "date": "2026-11-01",
    "prices": [
        {"model": "*", "input": 2, "cache_read": 0.5, "cache_write": 2.5, "cache_write_1h": 4, "output": 10,
         "reasoning": 12}
    ],
}  # fmt: skip


def buckets(usage: Usage | None) -> tuple[int, ...] | None:
    if usage is None:
        return None
    return usage.uncached_input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning


# body or chunks, provider, (uncached, read, written, output, reasoning), USD
CASES = {
    # 86*2 + 1920*0.5 + 108*10 + 192*12 = 172 + 960 + 1080 + 2304 = 4516
    "openai chat": (bodies.OPENAI_CHAT, "openai", (86, 1920, 0, 108, 192), 0.004516),
    # 11*2 + 9*10 = 112
    "openai stream": (bodies.OPENAI_STREAM, "openai", (11, 0, 0, 9, 0), 0.000112),
    # 200*2 + 128*0.5 + 17*10 + 64*12 = 400 + 64 + 170 + 768 = 1402
    "openai responses": (bodies.OPENAI_RESPONSE, "openai", (200, 128, 0, 17, 64), 0.001402),
    "openai responses stream": (bodies.OPENAI_RESPONSE_STREAM, "openai", (200, 128, 0, 17, 64), 0.001402),
    # 8*2 = 16
    "openai embeddings": (bodies.OPENAI_EMBEDDINGS, "openai", (8, 0, 0, 0, 0), 0.000016),
    # 21*2 + 188086*0.5 + 100*2.5 + 356*4 + 393*10 = 42 + 94043 + 250 + 1424 + 3930 = 99689
    "anthropic": (bodies.ANTHROPIC, "anthropic", (21, 188086, 456, 393, 0), 0.099689),
    # 472*2 + 2051*0.5 + 89*10 = 944 + 1025.5 + 890 = 2859.5
    "anthropic stream": (bodies.ANTHROPIC_STREAM, "anthropic", (472, 2051, 0, 89, 0), 0.0028595),
    # (1500-1000+50)*2 + 1000*0.5 + 120*10 + 300*12 = 1100 + 500 + 1200 + 3600 = 6400
    "google": (bodies.GOOGLE, "gcp.gemini", (550, 1000, 0, 120, 300), 0.0064),
    # 11*2 + 5*10 + 40*12 = 22 + 50 + 480 = 552
    "google stream": (bodies.GOOGLE_STREAM, "gcp.gemini", (11, 0, 0, 5, 40), 0.000552),
    # 100*2 + 900*0.5 + 80*2.5 + 120*4 + 50*10 = 200 + 450 + 200 + 480 + 500 = 1830
    "bedrock converse": (bodies.BEDROCK_CONVERSE, "aws.bedrock", (100, 900, 200, 50, 0), 0.00183),
    # 22*2 + 71*10 = 754
    "bedrock stream": (bodies.BEDROCK_STREAM, "aws.bedrock", (22, 0, 0, 71, 0), 0.000754),
    # 14*2 + 40*10 = 428
    "bedrock headers": (bodies.BEDROCK_HEADERS, "aws.bedrock", (14, 0, 0, 40, 0), 0.000428),
    # 14*2 + 6*0.5 + 40*10 = 28 + 3 + 400 = 431
    "bedrock metrics": (bodies.BEDROCK_METRICS, "aws.bedrock", (14, 6, 0, 40, 0), 0.000431),
    # 5*2 + 36*10 = 370
    "bedrock titan": (bodies.BEDROCK_TITAN, "aws.bedrock", (5, 0, 0, 36, 0), 0.00037),
    # 15*2 + 61*10 = 640
    "bedrock llama": (bodies.BEDROCK_LLAMA, "aws.bedrock", (15, 0, 0, 61, 0), 0.00064),
    # 99689 as above: Anthropic's own body behind Bedrock
    "bedrock anthropic": (bodies.ANTHROPIC, "aws.bedrock", (21, 188086, 456, 393, 0), 0.099689),
    # 5*2 + 418*10 = 4190: what is billed, not what the tokeniser counted
    "cohere": (bodies.COHERE, "cohere", (5, 0, 0, 418, 0), 0.00419),
    # 3*2 + 63*10 = 636
    "cohere stream": (bodies.COHERE_STREAM, "cohere", (3, 0, 0, 63, 0), 0.000636),
    # 2*2 = 4
    "cohere embeddings": (bodies.COHERE_EMBED, "cohere", (2, 0, 0, 0, 0), 0.000004),
    # 16*2 + 34*10 = 372
    "mistral": (bodies.MISTRAL, "mistral_ai", (16, 0, 0, 34, 0), 0.000372),
    "mistral stream": ([{"data": bodies.MISTRAL}], "mistral_ai", (16, 0, 0, 34, 0), 0.000372),
    # 26*2 + 298*10 = 3032
    "ollama": (bodies.OLLAMA, "ollama", (26, 0, 0, 298, 0), 0.003032),
    "ollama stream": (bodies.OLLAMA_STREAM, "ollama", (26, 0, 0, 298, 0), 0.003032),
    # 360*2 + 640*0.5 + 50*10 + 150*12 = 720 + 320 + 500 + 1800 = 3340
    "deepseek": (bodies.DEEPSEEK, "deepseek", (360, 640, 0, 50, 150), 0.00334),
    # 26*2 + 6*0.5 + 9*10 + 228*12 = 52 + 3 + 90 + 2736 = 2881: reasoning stands beside completion_tokens
    "xai": (bodies.XAI, "x_ai", (26, 6, 0, 9, 228), 0.002881),
    # 94*2 + 100*2.5 + 2*10 = 188 + 250 + 20 = 458: your own prices win over the reported one
    "openrouter": (bodies.OPENROUTER, "openrouter", (94, 0, 100, 2, 0), 0.000458),
    # 18*2 + 556*10 = 5596
    "groq stream": ([bodies.GROQ_STREAM_END], "groq", (18, 0, 0, 556, 0), 0.005596),
    # 30*2 + 60*0.5 + 10*2.5 + 10*10 + 30*12 = 60 + 30 + 25 + 100 + 360 = 575
    "langchain": (bodies.LANGCHAIN, "openai", (30, 60, 10, 10, 30), 0.000575),
    # 12*2 = 24
    "voyage": (bodies.VOYAGE, "voyageai", (12, 0, 0, 0, 0), 0.000024),
    # 1000*2 + 5*10 = 2050
    "a dict of one's own": (
        {"text": "Hi", "usage": {"input_tokens": "1000", "output_tokens": 5.0}}, "x", (1000, 0, 0, 5, 0), 0.00205,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_token_is_in_its_bucket_and_costs_its_price(name: str) -> None:
    """A provider's body gives the buckets and the money that its maker bills."""
    body, provider, expected, usd = CASES[name]
    chunks = body if isinstance(body, list) else [body]
    skeletons = [taken for chunk in chunks if (taken := take_response(chunk)) is not None]
    facts = InferenceFacts(provider=provider, request_model="some-model")

    usage = read_facts(skeletons, facts)

    assert expected == buckets(usage)
    assert usage is not None
    cost = PriceBook(PRICES).price(provider, facts.response_model, usage, NOON, request_model=facts.request_model)
    assert cost is not None
    assert pytest.approx(usd, abs=1e-12) == cost.amount_usd
    assert "override" == cost.source


# What the response said of itself: model, id, finish reasons, tier, fingerprint
FACTS = {
    "openai chat": ("gpt-4o-mini-2024-07-18", "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", ("stop",), "default",
                    "fp_44709d6fcb"),
    "openai stream": ("gpt-4o-mini", "chatcmpl-123", ("stop",), None, "fp_44709d6fcb"),
    "openai responses stream": ("gpt-4.1-2025-04-14", "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
                                ("stop",), "default", None),
    "anthropic": ("claude-sonnet-4-5-20250929", "msg_013Zva2CMHLNnXjNJJKqJ2EF", ("end_turn",), "standard", None),
    "anthropic stream": ("claude-sonnet-4-5-20250929", "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY", ("tool_use",), None,
                         None),
    "google": ("gemini-2.5-flash", "JvLZaPWHLe-T1MkP", ("STOP",), None, None),
    "google stream": ("gemini-2.5-flash", "resp-2", ("MAX_TOKENS",), None, None),
    "bedrock converse": (None, None, ("end_turn",), None, None),
    "bedrock stream": (None, None, ("max_tokens",), None, None),
    "bedrock titan": (None, None, ("FINISH",), None, None),
    "cohere": (None, "c14c80c3-18eb-4519-9460-6c92edd8cfb4", ("COMPLETE",), None, None),
    "cohere stream": (None, None, ("COMPLETE",), None, None),
    "mistral": ("mistral-small-latest", "cmpl-e5cc70bb28c444948073e77776eb30ef", ("length",), None, None),
    "ollama": ("llama3.2", None, ("stop",), None, None),
    "langchain": ("gpt-4o-mini", "run-1", ("stop",), None, "fp_1"),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_the_response_names_itself(name: str) -> None:
    """Model, id, finish reasons, tier and fingerprint are as the body says."""
    body, provider, _, _ = CASES[name]
    chunks = body if isinstance(body, list) else [body]
    facts = InferenceFacts(provider=provider)

    read_facts([taken for chunk in chunks if (taken := take_response(chunk)) is not None], facts)

    assert FACTS[name] == (
        facts.response_model,
        facts.response_id,
        facts.finish_reasons,
        facts.service_tier,
        facts.system_fingerprint,
    )
