"""Names the parameters of a request to a model, whichever of a provider's words they were given under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from foretell.semconv import genai

Convert = Callable[[Any], Any]  # from what the user passed to an attribute value, or None where it cannot be one


def to_int(value: Any) -> int | None:
    """Return a whole number, also from its text; None for anything else, truths included."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, (float, int, str)):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def to_float(value: Any) -> float | None:
    """Return a finite number as a double, also from its text; None for anything else, truths included."""
    if isinstance(value, bool) or not isinstance(value, (float, int, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def to_strings(value: Any) -> list[str] | None:
    """Return a list of strings from one string or several."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, (list, tuple)) and value else None


def to_text(value: Any) -> str | None:
    """Return a string; numbers are written out."""
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else None


def to_count(value: Any) -> int | None:
    """Return how many choices were asked for; one is not worth saying."""
    count = to_int(value)
    return None if count == 1 else count


def to_effort(value: Any) -> str | None:
    """Return the level of reasoning from a bare word or from `{"effort": …}`."""
    return to_text(value.get("effort")) if isinstance(value, Mapping) else to_text(value)


PARAMETERS: dict[str, tuple[str, Convert]] = {
    "max_tokens": (genai.REQUEST_MAX_TOKENS, to_int),
    "max_completion_tokens": (genai.REQUEST_MAX_TOKENS, to_int),
    "max_output_tokens": (genai.REQUEST_MAX_TOKENS, to_int),
    "temperature": (genai.REQUEST_TEMPERATURE, to_float),
    "top_p": (genai.REQUEST_TOP_P, to_float),
    "top_k": (genai.REQUEST_TOP_K, to_int),
    "frequency_penalty": (genai.REQUEST_FREQUENCY_PENALTY, to_float),
    "presence_penalty": (genai.REQUEST_PRESENCE_PENALTY, to_float),
    "seed": (genai.REQUEST_SEED, to_int),
    "stop": (genai.REQUEST_STOP_SEQUENCES, to_strings),
    "stop_sequences": (genai.REQUEST_STOP_SEQUENCES, to_strings),
    "choice_count": (genai.REQUEST_CHOICE_COUNT, to_count),
    "candidate_count": (genai.REQUEST_CHOICE_COUNT, to_count),
    "n": (genai.REQUEST_CHOICE_COUNT, to_count),
    "reasoning": (genai.REQUEST_REASONING_LEVEL, to_effort),
    "reasoning_effort": (genai.REQUEST_REASONING_LEVEL, to_text),
    "reasoning_level": (genai.REQUEST_REASONING_LEVEL, to_text),
    "output_config": (genai.REQUEST_REASONING_LEVEL, to_effort),
    "previous_response_id": (genai.REQUEST_PREVIOUS_RESPONSE, to_text),
}
"""Parameter → attribute and conversion. What is not listed has no word in the conventions and is left out."""

PARAMETER_OF_ATTRIBUTE = {
    genai.REQUEST_MAX_TOKENS: "max_tokens",
    genai.REQUEST_TEMPERATURE: "temperature",
    genai.REQUEST_TOP_P: "top_p",
    genai.REQUEST_TOP_K: "top_k",
    genai.REQUEST_FREQUENCY_PENALTY: "frequency_penalty",
    genai.REQUEST_PRESENCE_PENALTY: "presence_penalty",
    genai.REQUEST_SEED: "seed",
    genai.REQUEST_STOP_SEQUENCES: "stop_sequences",
    genai.REQUEST_CHOICE_COUNT: "choice_count",
    genai.REQUEST_REASONING_LEVEL: "reasoning_level",
    genai.REQUEST_PREVIOUS_RESPONSE: "previous_response_id",
    genai.OPENAI_REQUEST_SERVICE_TIER: "service_tier",
}
"""The way back: attribute → our own key in `InferenceFacts.request`."""


def add_request(attributes: dict[str, Any], request: Mapping[str, Any]) -> None:
    """Add the parameters that the conventions name, in the types that they ask for."""
    for key, value in request.items():
        found = PARAMETERS.get(key)
        if found is not None and value is not None:
            name, convert = found
            converted = convert(value)
            if converted is not None:
                attributes[name] = converted
