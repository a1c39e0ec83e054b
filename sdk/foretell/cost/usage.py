"""Read tokens and facts from what responses left behind: one answer from a whole response, a stream, or counts by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretell.cost.buckets import (
    Raw,
    read_anthropic,
    read_bedrock,
    read_chat,
    read_cohere,
    read_count,
    read_google,
    read_inclusive,
    read_ollama,
)
from foretell.model.facts import InferenceFacts
from foretell.model.usage import NOTHING, Usage

CHARS_PER_TOKEN = 4
XAI_TICKS_PER_USD = 10_000_000_000

_ANTHROPIC_WORDS = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"})
_BEDROCK_WORDS = frozenset(
    {"inputTokens", "outputTokens", "inputTokenCount", "outputTokenCount", "inputTextTokenCount", "tokenCount",
     "generation_token_count", "x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"}
)  # fmt: skip
_GOOGLE_WORDS = frozenset(
    {"prompt_token_count", "promptTokenCount", "candidates_token_count", "candidatesTokenCount",
     "thoughts_token_count", "thoughtsTokenCount"}
)  # fmt: skip

_OPENAI_MODELS = ("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-3", "text-embedding-ada")
_PROVIDER_OF_SHAPE = {
    "anthropic": "anthropic", "google": "gcp.gen_ai", "bedrock": "aws.bedrock", "cohere": "cohere",
    "ollama": "ollama",
}  # fmt: skip


def read_usage(raw: Raw | None, shape_or_provider: str | None = None) -> Usage | None:
    """Tokens in additive buckets from a provider's counts; None when it gave none.

    The names of the counts say whose they are. `shape_or_provider` decides where they do not: `input_tokens` alone
    is Anthropic's (without cached tokens) or the conventions' (with them).
    """
    if not raw:
        return None
    if "prompt_tokens" in raw or "completion_tokens" in raw:
        return read_chat(raw, shape_or_provider)
    if "input_tokens" in raw or "output_tokens" in raw:
        is_anthropic = shape_or_provider == "anthropic" or not _ANTHROPIC_WORDS.isdisjoint(raw)
        return read_anthropic(raw) if is_anthropic else read_inclusive(raw)
    if not _BEDROCK_WORDS.isdisjoint(raw):
        return read_bedrock(raw)
    if not _GOOGLE_WORDS.isdisjoint(raw):
        return read_google(raw)
    if "billed_units" in raw or "tokens" in raw:
        return read_cohere(raw)
    if "prompt_eval_count" in raw or "eval_count" in raw:
        return read_ollama(raw)
    return read_chat(raw)


def read_usage_by_hand(given: Raw) -> Usage | None:
    """Tokens that the user gave: `input_tokens` counts all input, `output_tokens` all output."""
    whole = dict(given)
    # Parts without their sum: the least that the whole can be is the parts.
    for name, parts in (("input_tokens", ("cache_read_tokens", "cache_write_tokens")),
                        ("output_tokens", ("reasoning_tokens",))):  # fmt: skip
        if whole.get(name) is None:
            counts = [count for part in parts if (count := read_count(whole.get(part))) is not None]
            whole[name] = sum(counts) if counts else None
    return read_inclusive(whole)


def merge_usage(skeletons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One set of counts from the pieces of one response.

    Streams count cumulatively, so the last word on each count wins; Anthropic's start counts the input and its end the
    output. A 0 never takes back a count: some servers end a stream with empty ones.
    """
    merged: dict[str, Any] = {}
    for skeleton in skeletons:
        counts = skeleton.get("usage")
        if not counts:
            continue
        if not merged:
            merged = dict(counts)
            continue
        for name, count in counts.items():
            if count or name not in merged:
                merged[name] = count
    return merged


def read_facts(skeletons: Sequence[Mapping[str, Any]], facts: InferenceFacts) -> Usage | None:
    """Fill in what the response said (model, id, finish reasons, tier, fingerprint, price), and return its tokens.

    What is already in `facts` stays unless the response knows better. Tokens given by hand win over those read.
    """
    shape: str | None = None
    finish: dict[int, str] = {}
    by_hand: dict[str, Any] = {}
    for skeleton in skeletons:
        if "by_hand" in skeleton:
            by_hand.update(skeleton["by_hand"])
            continue
        shape = shape or skeleton.get("shape")
        if "finish" in skeleton:
            finish.update(skeleton["finish"])
        _fill(skeleton, facts)
    if finish:
        facts.finish_reasons = tuple(finish.values()) if len(finish) == 1 else tuple(finish[i] for i in sorted(finish))
    if shape is not None:
        _fill_provider(shape, facts)
    raw = skeletons[0].get("usage") if len(skeletons) == 1 else merge_usage(skeletons)
    if raw:
        if facts.reported_cost_usd is None:
            facts.reported_cost_usd = read_reported_cost(raw)
        tier = "fast" if raw.get("speed") == "fast" else raw.get("service_tier")  # Anthropic's
        if facts.service_tier is None and isinstance(tier, str):
            facts.service_tier = tier
    if by_hand:
        return read_usage_by_hand(by_hand)
    speaks_openai = shape in {"openai", "usage"}
    return read_usage(raw, facts.provider if speaks_openai else shape)


def _fill(skeleton: Mapping[str, Any], facts: InferenceFacts) -> None:
    if "model" in skeleton:
        facts.response_model = skeleton["model"]
    if "id" in skeleton:
        facts.response_id = skeleton["id"]
    if "tier" in skeleton:
        facts.service_tier = skeleton["tier"]
    if "fingerprint" in skeleton:
        facts.system_fingerprint = skeleton["fingerprint"]
    if "dimensions" in skeleton:
        facts.dimension_count = skeleton["dimensions"]


def _fill_provider(shape: str, facts: InferenceFacts) -> None:
    provider = facts.provider
    if provider is None:
        provider = _PROVIDER_OF_SHAPE.get(shape)
        model = facts.response_model or facts.request_model
        if provider is None and model is not None and model.startswith(_OPENAI_MODELS):
            provider = "openai"
        facts.provider = provider
    if facts.api_type is None and provider in {"openai", "azure.ai.openai"}:
        if shape == "responses":
            facts.api_type = "responses"
        elif shape == "openai" and facts.operation == "chat":
            facts.api_type = "chat_completions"


def read_reported_cost(raw: Raw) -> float | None:
    """What the provider itself says the call cost, in USD (OpenRouter, Perplexity, xAI); None where it is silent."""
    cost = raw.get("cost")
    if cost is None:
        ticks = _money(raw["cost_in_usd_ticks"]) if "cost_in_usd_ticks" in raw else None
        return None if ticks is None else ticks / XAI_TICKS_PER_USD
    if isinstance(cost, Mapping):  # Perplexity
        cost = cost.get("total_cost")
    amount = _money(cost)
    if amount is not None and raw.get("is_byok"):
        # With the user's own key OpenRouter's `cost` is its fee alone; the model itself is billed by its maker.
        details = raw.get("cost_details")
        upstream = _money((details if isinstance(details, Mapping) else NOTHING).get("upstream_inference_cost"))
        return None if upstream is None else amount + upstream
    return amount


def _money(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        return None
    return float(value)


def estimate_usage(text_in: str, text_out: str) -> Usage:
    """Guess the tokens of a call whose provider counts none: about four characters each, marked as estimated."""
    return Usage(
        uncached_input=-(-len(text_in) // CHARS_PER_TOKEN),
        output=-(-len(text_out) // CHARS_PER_TOKEN),
        is_estimated=True,
    )
