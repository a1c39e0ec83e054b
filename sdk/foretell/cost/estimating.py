"""Tokens of streams that ended before their provider had counted them, by the texts that went out and came in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from foretell.cost.usage import estimate_usage
from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import LLM
from foretell.model.payload import value_of

_TEXTS = frozenset(
    {"content", "text", "thinking", "reasoning", "reasoning_content", "refusal", "delta", "output", "parts",
     "arguments", "partial_json", "args", "input", "response", "result", "tools", "system"}
)  # fmt: skip
"""Keys under which messages and the pieces of streams hold what counts as tokens, in any provider's shape."""
_DATA = frozenset(
    {"blob", "file", "image", "image_url", "input_image", "input_file", "audio", "input_audio", "document"}
)
"""Types of parts whose size says nothing about their tokens."""


def estimate_stream(call: Call) -> None:
    """Give a model call whose stream was cut short its tokens, marked as estimated.

    Where nothing had arrived, or nobody knows what, they stay unknown. Anthropic tells the input when a stream begins,
    and 1 for an output that is still to come: that input stays, and the output is what has arrived.
    """
    facts, told = call.facts, call.usage
    if call.kind is not LLM or not isinstance(facts, InferenceFacts):
        return
    if not facts.is_stream or facts.finish_reasons or (told is not None and facts.provider != "anthropic"):
        return
    said = "" if call.output is None else read_texts(value_of(call.output))
    if told is not None:
        output = max(told.output, estimate_usage("", said).output)
        call.usage = replace(told, output=output, is_estimated=True)
    elif said and call.input is not None:
        call.usage = estimate_usage(read_texts(value_of(call.input)), said)


def read_texts(content: Any) -> str:  # any parsed JSON
    """All that counts as tokens in messages or in the pieces of a stream; nothing of ids, roles and images."""
    return "".join(_list_texts(content))


def _list_texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for each in content:
            yield from _list_texts(each)
    elif isinstance(content, Mapping) and content.get("type") not in _DATA:
        for key, each in content.items():
            if key in ("tools", "arguments", "args") and not isinstance(each, str):
                yield orjson.dumps(each, default=str).decode()
            elif key in _TEXTS or not isinstance(each, str):
                yield from _list_texts(each)
