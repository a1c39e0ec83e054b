"""Makes calls, results and texts comparable: what changes from one time to the next without meaning is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foretell.model.call import Call

UNKNOWN: Final = 0
"""The signature of what was not recorded."""
VOID: Final = 1
"""The signature of a result that is nothing."""
HEAD_CHARS: Final = 400
TAIL_CHARS: Final = 200
"""Ids and times stand at the ends of a long result; what is between counts as it is."""
FIELD_CHARS: Final = 4_000

_FIELDS = re.compile(
    r'"(?:(?:request|trace|span|correlation|call|tool_call)_?[iI]d|idempotency_?[kK]ey|nonce|timestamp|ts|now|time'
    r'|(?:created|updated)_?[aA]t|(?:elapsed|duration|latency|took)(?:_m?s)?)"'
    r'\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|null)'
)
# One look for anything that begins like a volatile value: a set of first characters is what `re` finds fastest.
_SUSPICIOUS = re.compile(
    r"[0-9](?:[0-9a-f]{9}|[0-9]?:[0-9]{2}|[0-9a-fA-F]{0,7}-[0-9a-fA-F]{4}-|[0-9]{3}-[0-9]{2}-[0-9]{2}[T ]"
    r"|[0-9]*\.[0-9]+ ?(?:m?s|seconds|secs?)\b|x[0-9a-fA-F]{6})"
)
_VALUES = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
    r"|\b1[0-9]{9}(?:\.[0-9]+|[0-9]{9}|[0-9]{6}|[0-9]{3})?\b"
    r"|0x[0-9a-fA-F]{6,}"
    r"|\b[0-9a-f]{16,}\b"
    r"|[0-9]+\.[0-9]+ ?(?:m?s|seconds|secs?)\b"
)
_WHOLE_FLOATS = re.compile(r"(?<=[0-9])\.0+(?![0-9])")


def sign_call(call: Call) -> int:
    """Equal for calls of the same name and input, whatever their request ids and times; UNKNOWN without an input."""
    payload = call.input_payload
    # Where something was redacted the texts of different inputs may be equal; their identities are not.
    if payload is not None and not payload.redactions and not payload.is_truncated:
        text = payload.text
        if len(text) <= FIELD_CHARS:
            if _FIELDS.search(text) is not None:
                text = _FIELDS.sub('""', text)
            if ".0" in text:
                text = _WHOLE_FLOATS.sub("", text)
        return hash((call.name, text))
    if call.identity is not None:
        return hash(call.identity)
    return UNKNOWN if payload is None else hash((call.name, payload.text))


def sign_result(call: Call) -> int:
    """Equal for results that say the same, whatever their ids and times; UNKNOWN where contents are not kept."""
    payload = call.output_payload
    if payload is None:
        return UNKNOWN if call.input_payload is None else VOID
    if payload.is_truncated:
        # The size tells what a shortened text does not.
        return hash((sign_text(payload.text), payload.size_bytes))
    return sign_text(payload.text)


def sign_error(call: Call) -> int:
    """Equal for failures that say the same; UNKNOWN for a call that did not fail."""
    error = call.error
    if error is None:
        return UNKNOWN
    # Never UNKNOWN, were it by chance.
    return hash((error.type, normalise(error.message[:HEAD_CHARS]))) or 1


def sign_text(text: str) -> int:
    """Equal for texts that differ only in ids and times near their ends."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return hash(normalise(text))
    return hash((normalise(text[:HEAD_CHARS]), text[HEAD_CHARS:-TAIL_CHARS], normalise(text[-TAIL_CHARS:])))


def normalise(text: str) -> str:
    """The text without ids, times, addresses and durations."""
    if _FIELDS.search(text) is not None:
        text = _FIELDS.sub('""', text)
    if _SUSPICIOUS.search(text) is None:
        return text
    return _VALUES.sub("", text)
