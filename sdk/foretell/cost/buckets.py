"""Turn each provider's counts into buckets in which no token stands twice.

One function per kind of body. They differ in what contains what:

| body | input contains cached | output contains reasoning |
|---|---|---|
| OpenAI chat, Mistral, DeepSeek ... | yes | yes (xAI, Perplexity: no) |
| OpenAI responses, LangChain, counts by hand | yes | yes |
| Anthropic, Bedrock | no | yes |
| Google | yes, but not the prompts of tools | no |
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from foretell.model.usage import NOTHING, Usage

Raw = Mapping[str, Any]
Counts = Mapping[str, int]

_PLAIN_COUNTS = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
_CACHED_NAMES = ("prompt_cache_hit_tokens", "cached_tokens", "cached_prompt_text_tokens", "cache_read_input_tokens",
                 "num_cached_tokens")  # fmt: skip
_CACHED_ELSEWHERE = frozenset(_CACHED_NAMES)
# Documents are billed as images; moving pictures have no name in the conventions and stay "unknown".
_MODALITIES = {"TEXT": "text", "IMAGE": "image", "DOCUMENT": "image", "AUDIO": "audio"}


def read_count(value: object) -> int | None:
    """A token count from a number or its text; None for anything that is no count."""
    if type(value) is int:
        return value if value > 0 else 0  # noqa: FURB136 - a call of max() costs three times as much
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return None
    return max(int(value), 0)


def first_count(raw: Raw, *names: str) -> int | None:
    """The first of these counts that is given."""
    for name in names:
        value = raw.get(name)
        if value is not None:
            count = value if type(value) is int and value >= 0 else read_count(value)
            if count is not None:
                return count
    return None


def _details(raw: Raw, *names: str) -> Raw:
    for name in names:
        inner = raw.get(name)
        if type(inner) is dict or (inner is not None and isinstance(inner, Mapping)):
            return inner
    return NOTHING


def make_usage(
    all_input: int,
    all_output: int,
    cache_read: int | None = 0,
    cache_write: int | None = 0,
    reasoning: int | None = 0,
    input_by_modality: Counts = NOTHING,
    output_by_modality: Counts = NOTHING,
    cache_read_by_modality: Counts = NOTHING,
    cache_write_1h: int | None = 0,
) -> Usage:
    """Buckets from sums and their parts. A part that claims more than its whole is cut down to it."""
    read = min(cache_read, all_input) if cache_read else 0
    written = min(cache_write, all_input - read) if cache_write else 0
    thought = min(reasoning, all_output) if reasoning else 0
    return Usage(
        all_input - read - written,
        read,
        written,
        all_output - thought,
        thought,
        input_by_modality,
        output_by_modality,
        cache_read_by_modality,
        min(cache_write_1h, written) if cache_write_1h else 0,
    )


def read_chat(raw: Raw, provider: str | None = None) -> Usage | None:
    """OpenAI's chat completions and everybody who counts like them."""
    if raw.keys() <= _PLAIN_COUNTS:
        usage = _read_plain(raw, provider)
        if usage is not None:
            return usage
    prompt = first_count(raw, "prompt_tokens")
    completion = first_count(raw, "completion_tokens")
    if prompt is None and completion is None:
        prompt = first_count(raw, "total_tokens")
        if prompt is None:
            return None
    all_input, all_output = prompt or 0, completion or 0
    given, made = _details(raw, "prompt_tokens_details"), _details(raw, "completion_tokens_details")
    reasoning = first_count(made, "reasoning_tokens")
    if reasoning is None:
        reasoning = first_count(raw, "reasoning_tokens")
    if reasoning != 0:
        unlisted = _unlisted_reasoning(raw, all_input, all_output, reasoning, provider)
        all_output += unlisted
        reasoning = unlisted if reasoning is None else reasoning
    read = first_count(given, "cached_tokens")
    if read is None and not _CACHED_ELSEWHERE.isdisjoint(raw):
        # DeepSeek, Moonshot, xAI's older bodies, LiteLLM's proxy, Mistral
        read = first_count(raw, *_CACHED_NAMES)
    written = first_count(given, "cache_write_tokens", "cache_creation_tokens")
    if written is None:
        written = first_count(raw, "cache_creation_input_tokens")
    split = _modalities(given, all_input)
    cached = _modalities(_details(given, "cached_tokens_details"), read or 0) if split else NOTHING
    return make_usage(all_input, all_output, read, written, reasoning, split, _modalities(made, all_output), cached)


def _read_plain(raw: Raw, provider: str | None) -> Usage | None:
    """The usage of a body with nothing but input, output and their sum, as nearly all of them are where nothing is cached."""
    given, made = raw.get("prompt_tokens"), raw.get("completion_tokens")
    if type(given) is not int or type(made) is not int or given < 0 or made < 0:
        return None
    if provider is not None and provider.startswith("gcp."):  # a larger sum holds reasoning
        return None
    return Usage(given, 0, 0, made, 0, NOTHING, NOTHING, NOTHING)


def _unlisted_reasoning(raw: Raw, prompt: int, completion: int, reasoning: int | None, provider: str | None) -> int:
    """Reasoning that `completion_tokens` leaves out (xAI, Perplexity, Gemini behind OpenAI's API)."""
    total = first_count(raw, "total_tokens")
    if reasoning:
        if total is None:
            return reasoning if provider in {"x_ai", "xai", "perplexity"} else 0
        return reasoning if total >= prompt + completion + reasoning else 0
    if reasoning is None and total is not None and provider is not None and provider.startswith("gcp."):
        return max(total - prompt - completion, 0)
    return 0


def _modalities(details: Raw, whole: int) -> Counts:
    """`audio_tokens` and its like; empty when nothing but text is said to be there."""
    if not details.get("audio_tokens") and not details.get("image_tokens"):
        return NOTHING
    audio, image = first_count(details, "audio_tokens") or 0, first_count(details, "image_tokens") or 0
    if not audio and not image:
        return NOTHING
    audio = min(audio, whole)
    image = min(image, whole - audio)
    counts = {"text": whole - audio - image, "image": image, "audio": audio}
    return {name: count for name, count in counts.items() if count}


def read_inclusive(raw: Raw) -> Usage | None:
    """OpenAI's responses, LangChain's messages, counts by hand: `input_tokens` counts all, cached included."""
    given = first_count(raw, "input_tokens")
    made = first_count(raw, "output_tokens")
    if given is None and made is None:
        given = first_count(raw, "total_tokens")
        if given is None:
            return None
    inner = _details(raw, "input_tokens_details", "input_token_details")
    outer = _details(raw, "output_tokens_details", "output_token_details")
    all_input, all_output = given or 0, made or 0
    read = first_count(inner, "cached_tokens", "cache_read", "cache_read_input_tokens")
    if read is None:
        read = first_count(raw, "cache_read_tokens", "cached_tokens")
    written = first_count(inner, "cache_write_tokens", "cache_creation", "cache_creation_input_tokens")
    if written is None:
        written = first_count(raw, "cache_write_tokens")
    reasoning = first_count(outer, "reasoning_tokens", "reasoning")
    if reasoning is None:
        reasoning = first_count(raw, "reasoning_tokens")
    split = _modalities(inner, all_input)
    cached = _modalities(_details(inner, "cached_tokens_details"), read or 0) if split else NOTHING
    return make_usage(all_input, all_output, read, written, reasoning, split, _modalities(outer, all_output), cached)


def read_anthropic(raw: Raw) -> Usage | None:
    """Anthropic: `input_tokens` leaves out what was read from the cache and what was written to it."""
    uncached, made = first_count(raw, "input_tokens"), first_count(raw, "output_tokens")
    if uncached is None and made is None:
        return None
    by_life = _details(raw, "cache_creation")
    hour = first_count(by_life, "ephemeral_1h_input_tokens") or 0
    written = first_count(raw, "cache_creation_input_tokens")
    if not written:
        written = hour + (first_count(by_life, "ephemeral_5m_input_tokens") or 0)
    read = first_count(raw, "cache_read_input_tokens") or 0
    thought = first_count(_details(raw, "output_tokens_details"), "thinking_tokens", "reasoning_tokens")
    return make_usage((uncached or 0) + read + written, made or 0, read, written, thought, cache_write_1h=hour)


def read_google(raw: Raw) -> Usage | None:
    """Google: the prompt contains what was cached; thoughts and the prompts of tools stand beside the others."""
    prompt = first_count(raw, "prompt_token_count", "promptTokenCount")
    made = first_count(raw, "candidates_token_count", "candidatesTokenCount", "response_token_count",
                       "responseTokenCount")  # fmt: skip
    thought = first_count(raw, "thoughts_token_count", "thoughtsTokenCount")
    if prompt is None and made is None and thought is None:
        return None
    of_tools = first_count(raw, "tool_use_prompt_token_count", "toolUsePromptTokenCount") or 0
    given = _google_modalities(raw, "prompt_tokens_details", "promptTokensDetails")
    if of_tools and given:
        tools = _google_modalities(raw, "tool_use_prompt_tokens_details", "toolUsePromptTokensDetails")
        given = {name: given.get(name, 0) + tools.get(name, 0) for name in (*given, *tools)}
    return make_usage(
        (prompt or 0) + of_tools,
        (made or 0) + (thought or 0),
        first_count(raw, "cached_content_token_count", "cachedContentTokenCount"),
        0,
        thought,
        given,
        _google_modalities(raw, "candidates_tokens_details", "candidatesTokensDetails"),
        _google_modalities(raw, "cache_tokens_details", "cacheTokensDetails"),
    )


def _google_modalities(raw: Raw, *names: str) -> Counts:
    counts: dict[str, int] = {}
    for name in names:
        for part in raw.get(name) or ():
            if isinstance(part, Mapping):
                modality = _MODALITIES.get(str(part.get("modality")))
                count = first_count(part, "token_count", "tokenCount")
                if modality and count:
                    counts[modality] = counts.get(modality, 0) + count
    return counts or NOTHING


_HEADER = "x-amzn-bedrock-{}-token-count"


def read_bedrock(raw: Raw) -> Usage | None:
    """Bedrock's converse, the metrics at the end of its streams, its headers, and the bodies of its own models."""
    given = first_count(raw, "inputTokens", "inputTokenCount", "inputTextTokenCount", "prompt_token_count",
                        _HEADER.format("input"))  # fmt: skip
    made = first_count(raw, "outputTokens", "outputTokenCount", "tokenCount", "generation_token_count",
                       _HEADER.format("output"))  # fmt: skip
    if given is None and made is None:
        return None
    read = first_count(raw, "cacheReadInputTokens", "cacheReadInputTokenCount", _HEADER.format("cache-read-input"))
    written = first_count(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount",
                          _HEADER.format("cache-write-input"))  # fmt: skip
    all_input = (given or 0) + (read or 0) + (written or 0)
    hour = sum(
        first_count(part, "inputTokens") or 0
        for part in raw.get("cacheDetails") or ()
        if isinstance(part, Mapping) and part.get("ttl") == "1h"
    )
    return make_usage(all_input, made or 0, read, written, cache_write_1h=hour)


def read_cohere(raw: Raw) -> Usage | None:
    """Cohere: billed counts where there are any, else the tokeniser's."""
    counted, billed = _details(raw, "tokens"), _details(raw, "billed_units")
    source = billed if first_count(billed, "input_tokens", "output_tokens") is not None else counted
    given, made = first_count(source, "input_tokens"), first_count(source, "output_tokens")
    if given is None and made is None:
        return None
    return make_usage(given or 0, made or 0, first_count(raw, "cached_tokens"))


def read_ollama(raw: Raw) -> Usage | None:
    """Ollama, which leaves a count out when it is 0 or was cached."""
    given, made = first_count(raw, "prompt_eval_count"), first_count(raw, "eval_count")
    return None if given is None and made is None else make_usage(given or 0, made or 0)
