"""Take from a model's response what its cost will be read from, at once and cheaply.

Runs on the caller's thread. What comes back is a skeleton: a small dict of built-ins that nothing the program does
afterwards can change.

| key | holds |
|---|---|
| `shape` | which provider's body it looks like: `openai`, `responses`, `anthropic`, `google`, `bedrock`, `cohere`, ... |
| `model`, `id` | as the response names them |
| `finish` | reasons, by the choice's index |
| `usage` | counts as they stood in the body |
| `tier`, `fingerprint` | OpenAI's service tier and system fingerprint |
| `dimensions` | length of the first embedding |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from foretell.cost.fields import MAX_TEXT_CHARS, Fields, copy_counts, copy_plain_counts, fields_of, read_text
from foretell.cost.reasons import reason_of

Skeleton = dict[str, Any]

# Agents ask for a few choices; the bound is for lists of another kind under the same name.
MAX_CHOICES = 32
# A stream of a thousand cumulative chunks says no more than its first ones and its last.
MAX_SKELETONS = 32

BEDROCK_METRICS = "amazon-bedrock-invocationMetrics"

_MARKS = frozenset(
    {
        "usage", "usage_metadata", "usageMetadata", "candidates", "type", "prompt_eval_count", "eval_count",
        "done_reason", "meta", "metadata", "messageStop", "stopReason", "inputTextTokenCount", "prompt_token_count",
        "generation_token_count", "ResponseMetadata", "total_tokens", "data", BEDROCK_METRICS,
    }
)  # fmt: skip
"""Fields of which every response that we can read has at least one, if not `choices`."""


def take_response(value: object) -> Skeleton | None:
    """Take model, ids, finish reasons and token counts from a model's response or from one chunk of a stream.

    None when nothing is recognised. Never raises, and runs no code of the value's class.
    """
    try:
        fields = value if type(value) is dict else fields_of(value)
        if fields is None:
            return None
        if "choices" in fields:
            return _take_plain_chat(fields) or _take_chat(fields)
        return None if fields.keys().isdisjoint(_MARKS) else _take(fields)
    except Exception:  # another thread may change the object while we read it: then it tells us nothing
        return None


def add_response(skeletons: list[Skeleton], value: object) -> None:
    """Take a chunk of a stream, if it says anything, and keep the list short however long the stream is."""
    skeleton = take_response(value)
    if skeleton is None:
        return
    if len(skeletons) < MAX_SKELETONS:
        skeletons.append(skeleton)
    else:
        skeletons[-1] = {**skeletons[-1], **skeleton}


def _take(fields: Fields) -> Skeleton | None:
    if "usage_metadata" in fields or "usageMetadata" in fields or "candidates" in fields:
        return _take_google(fields)
    kind = fields.get("type")
    if isinstance(kind, str):
        event = _EVENTS.get(kind)
        if event is not None:
            return event(fields)
        if kind.startswith("response."):  # a stream event that carries a piece of text, or a wish to be polled
            return None
    if "output" in fields and fields.get("object") == "response":
        return _take_openai_response(fields)
    for mark, take in _BY_MARK:
        if mark in fields:
            skeleton = take(fields)
            if skeleton is not None:
                return skeleton
    return None


def _make(shape: str, fields: Fields, usage: Fields | None, finish: dict[int, str] | None = None) -> Skeleton | None:
    """A skeleton with what most bodies have under the same names; None where it would say nothing."""
    skeleton: Skeleton = {"shape": shape}
    if usage:
        skeleton["usage"] = usage
    if finish:
        skeleton["finish"] = finish
    if len(skeleton) == 1:
        return None
    _name(skeleton, fields, "model", "id")
    return skeleton


def _name(skeleton: Skeleton, fields: Fields, model: str, id_: str) -> None:
    if model in fields and (name := read_text(fields[model])):
        skeleton["model"] = name
    if id_ in fields and (name := read_text(fields[id_])):
        skeleton["id"] = name


def _one_reason(reason: object) -> dict[int, str] | None:
    text = read_text(reason) if reason is not None else None
    return {0: text} if text else None


# OpenAI and everybody who speaks like it: chat completions, text completions, embeddings, responses


def _take_chat(fields: Fields) -> Skeleton | None:
    """Chat completions of OpenAI, Mistral, Groq, DeepSeek, xAI, OpenRouter, vLLM ... and their chunks."""
    usage = fields.get("usage")
    finish: dict[int, str] = {}
    is_first = False
    choices = fields["choices"]
    if type(choices) is list:
        for number, choice in enumerate(choices[:MAX_CHOICES]):
            parts = fields_of(choice)
            if not parts:
                continue
            reason = parts.get("finish_reason")
            if reason is not None and (text := read_text(reason)):
                index = parts.get("index")
                finish[index if type(index) is int else number] = text
            elif parts.get("delta") is not None:
                is_first = bool((fields_of(parts["delta"]) or {}).get("role"))
            if usage is None and "usage" in parts:  # Moonshot's streams
                usage = parts["usage"]
    if usage is None and "x_groq" in fields:  # Groq's streams
        usage = (fields_of(fields["x_groq"]) or {}).get("usage")
    skeleton = _make("openai", fields, copy_counts(usage) if usage is not None else None, finish)
    if skeleton is None:
        if not is_first:
            return None
        skeleton = {"shape": "openai"}
        _name(skeleton, fields, "model", "id")
    _add_openai_facts(skeleton, fields)
    return skeleton


def _take_plain_chat(fields: Fields) -> Skeleton | None:
    """What most bodies are: one choice that is done, and counts. None for the others.

    After a wait for the model nothing of this is in the processor's caches: each function more would count.
    """
    choices, usage = fields["choices"], fields.get("usage")
    if type(choices) is not list or len(choices) != 1 or usage is None:
        return None
    choice = choices[0] if type(choices[0]) is dict else fields_of(choices[0])
    if choice is None or choice.get("index"):
        return None
    model, id_, reason = fields.get("model"), fields.get("id"), choice.get("finish_reason")
    if type(model) is not str or type(id_) is not str or type(reason) is not str:
        return None
    if not (model and id_ and reason) or len(model) + len(id_) + len(reason) > MAX_TEXT_CHARS:
        return None
    counts = copy_plain_counts(usage) if type(usage) is dict else copy_counts(usage)
    if not counts:
        return None
    skeleton = {"shape": "openai", "usage": counts, "finish": {0: reason}, "model": model, "id": id_}
    if "service_tier" in fields or "system_fingerprint" in fields:
        _add_openai_facts(skeleton, fields)
    return skeleton


def _add_openai_facts(skeleton: Skeleton, fields: Fields) -> None:
    if "service_tier" in fields and (tier := read_text(fields["service_tier"])):
        skeleton["tier"] = tier
    if "system_fingerprint" in fields and (fingerprint := read_text(fields["system_fingerprint"])):
        skeleton["fingerprint"] = fingerprint


def _take_openai_response(fields: Fields) -> Skeleton | None:
    """OpenAI's responses API."""
    status = read_text(fields.get("status"))
    reason = (fields_of(fields.get("incomplete_details")) or {}).get("reason")
    finish = _one_reason(reason or reason_of(status, fields.get("output")))
    skeleton: Skeleton = {"shape": "responses"}
    if finish:
        skeleton["finish"] = finish
    usage = copy_counts(fields.get("usage"))
    if usage:
        skeleton["usage"] = usage
    _name(skeleton, fields, "model", "id")
    _add_openai_facts(skeleton, fields)
    return skeleton


def _take_openai_event(fields: Fields) -> Skeleton | None:
    response = fields_of(fields.get("response"))
    return _take_openai_response(response) if response else None


def _take_usage(fields: Fields) -> Skeleton | None:
    """Any body with `usage`: embeddings, images, Anthropic's and Bedrock's bodies, dicts of the user's own."""
    usage = copy_counts(fields.get("usage"))
    if not usage:
        return None
    if "inputTokens" in usage or "stopReason" in fields:
        return _take_converse(fields)
    if "billed_units" in usage or "tokens" in usage:
        return _make("cohere", fields, usage, _one_reason(fields.get("finish_reason")))
    if "stop_reason" in fields or "cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage:
        return _make("anthropic", fields, usage, _one_reason(fields.get("stop_reason")))
    skeleton = _make("usage", fields, usage, _one_reason(fields.get("finish_reason")))
    if skeleton is not None:
        if "model_name" in fields:  # Pydantic AI
            _name(skeleton, fields, "model_name", "provider_response_id")
        _add_dimensions(skeleton, fields)
        _add_openai_facts(skeleton, fields)
    return skeleton


def _add_dimensions(skeleton: Skeleton, fields: Fields) -> None:
    data = fields.get("data")
    first = fields_of(data[0]) if type(data) is list and data else None
    vector = first.get("embedding") if first else None
    if type(vector) is list and vector:
        skeleton["dimensions"] = len(vector)


# Anthropic


def _take_message(fields: Fields) -> Skeleton | None:
    usage = copy_counts(fields.get("usage"))
    return _make("anthropic", fields, usage, _one_reason(fields.get("stop_reason")))


def _take_message_start(fields: Fields) -> Skeleton | None:
    message = fields_of(fields.get("message"))
    return _take_message(message) if message else None


def _take_message_delta(fields: Fields) -> Skeleton | None:
    delta = fields_of(fields.get("delta")) or {}
    return _make("anthropic", {}, copy_counts(fields.get("usage")), _one_reason(delta.get("stop_reason")))


# Google


def _take_google(fields: Fields) -> Skeleton | None:
    """A GenerateContentResponse, whole or a chunk; also a LangChain message, which has the same field."""
    usage = copy_counts(fields.get("usage_metadata") or fields.get("usageMetadata"))
    if usage and "input_tokens" in usage:
        return _take_langchain(fields, usage)
    finish: dict[int, str] = {}
    candidates = fields.get("candidates")
    if type(candidates) is list:
        for number, candidate in enumerate(candidates[:MAX_CHOICES]):
            parts = fields_of(candidate) or {}
            text = read_text(parts.get("finish_reason") or parts.get("finishReason"))
            if text:
                finish[number] = text
    skeleton = _make("google", {}, usage, finish)
    if skeleton is not None:
        _name(skeleton, fields, "model_version", "response_id")
        _name(skeleton, fields, "modelVersion", "responseId")
    return skeleton


def _take_langchain(fields: Fields, usage: Fields) -> Skeleton | None:
    about = fields_of(fields.get("response_metadata")) or {}
    skeleton = _make("langchain", fields, usage, _one_reason(about.get("finish_reason") or about.get("stop_reason")))
    if skeleton is not None:
        _name(skeleton, about, "model_name", "id")
        _add_openai_facts(skeleton, about)
    return skeleton


# Bedrock


def _take_converse(fields: Fields) -> Skeleton | None:
    skeleton = _make("bedrock", {}, copy_counts(fields.get("usage")), _one_reason(fields.get("stopReason")))
    tier = (fields_of(fields.get("serviceTier")) or {}).get("type")
    if skeleton is not None and isinstance(tier, str):
        skeleton["tier"] = tier
    return skeleton


def _take_converse_metadata(fields: Fields) -> Skeleton | None:
    metadata = fields_of(fields["metadata"])
    return _take_converse(metadata) if metadata and "usage" in metadata else None


def _take_converse_stop(fields: Fields) -> Skeleton | None:
    stop = fields_of(fields["messageStop"])
    return _take_converse(stop) if stop else None


def _take_bedrock_metrics(fields: Fields) -> Skeleton | None:
    return _make("bedrock", {}, copy_counts(fields[BEDROCK_METRICS]))


def _take_bedrock_headers(fields: Fields) -> Skeleton | None:
    """InvokeModel: the body is a stream that only the caller may read, but the headers count the tokens too."""
    about = fields_of(fields["ResponseMetadata"]) or {}
    headers = fields_of(about.get("HTTPHeaders")) or {}
    start, end = "x-amzn-bedrock-", "-token-count"
    usage = {name: text for name in headers if name.startswith(start) and name.endswith(end)
             and (text := read_text(headers[name]))}  # fmt: skip
    return _make("bedrock", {}, usage)


def _take_titan(fields: Fields) -> Skeleton | None:
    usage: Fields = {"inputTextTokenCount": copy_counts({"n": fields["inputTextTokenCount"]}, 0)}
    results = fields.get("results")
    result = fields_of(results[0]) if type(results) is list and results else None
    finish = None
    if result:
        usage["tokenCount"] = copy_counts({"n": result.get("tokenCount")}, 0)
        finish = _one_reason(result.get("completionReason"))
    counts = {name: held["n"] for name, held in usage.items() if held}
    skeleton = _make("bedrock", {}, counts, finish)
    vector = fields.get("embedding")
    if skeleton is not None and type(vector) is list:
        skeleton["dimensions"] = len(vector)
    return skeleton


def _take_llama(fields: Fields) -> Skeleton | None:
    """Meta's models behind Bedrock's InvokeModel."""
    counts = {name: fields.get(name) for name in ("prompt_token_count", "generation_token_count")}
    return _make("bedrock", {}, copy_counts(counts), _one_reason(fields.get("stop_reason")))


# Cohere, Ollama, Voyage, Mistral


def _take_cohere_end(fields: Fields) -> Skeleton | None:
    delta = fields_of(fields.get("delta")) or {}
    return _make("cohere", {}, copy_counts(delta.get("usage")), _one_reason(delta.get("finish_reason")))


def _take_cohere_meta(fields: Fields) -> Skeleton | None:
    """Cohere's first API, its embeddings and its re-ranking."""
    meta = fields_of(fields["meta"])
    if not meta or meta.keys().isdisjoint({"billed_units", "tokens"}):
        return None
    return _make("cohere", fields, copy_counts(meta), _one_reason(fields.get("finish_reason")))


def _take_ollama(fields: Fields) -> Skeleton | None:
    counts = {name: fields.get(name) for name in ("prompt_eval_count", "eval_count")}
    return _make("ollama", fields, copy_counts(counts), _one_reason(fields.get("done_reason")))


def _take_voyage(fields: Fields) -> Skeleton | None:
    if "embeddings" not in fields and "results" not in fields:
        return None
    return _make("usage", fields, copy_counts({"total_tokens": fields["total_tokens"]}))


def _take_wrapped(fields: Fields) -> Skeleton | None:
    """Mistral's stream events hold the chunk in `data`."""
    inner = fields_of(fields["data"])
    return _take_chat(inner) if inner and "choices" in inner else None


_EVENTS: dict[str, Callable[[Fields], Skeleton | None]] = {
    "message": _take_message,
    "message_start": _take_message_start,
    "message_delta": _take_message_delta,
    "message-end": _take_cohere_end,
    "response.created": _take_openai_event,
    "response.completed": _take_openai_event,
    "response.incomplete": _take_openai_event,
    "response.failed": _take_openai_event,
}

# In this order: the first that recognises anything wins.
_BY_MARK: tuple[tuple[str, Callable[[Fields], Skeleton | None]], ...] = (
    ("usage", _take_usage),
    (BEDROCK_METRICS, _take_bedrock_metrics),
    ("metadata", _take_converse_metadata),
    ("messageStop", _take_converse_stop),
    ("stopReason", _take_converse),
    ("prompt_eval_count", _take_ollama),
    ("eval_count", _take_ollama),
    ("done_reason", _take_ollama),
    ("meta", _take_cohere_meta),
    ("inputTextTokenCount", _take_titan),
    ("prompt_token_count", _take_llama),
    ("generation_token_count", _take_llama),
    ("total_tokens", _take_voyage),
    ("data", _take_wrapped),
    ("ResponseMetadata", _take_bedrock_headers),
)
