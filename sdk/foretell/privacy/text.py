"""A value's JSON, the form in which it is searched, kept and shown."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

_SORTED = orjson.OPT_SORT_KEYS
DEPTH_LIMIT = 60
_DIGITS_LIMIT_BITS = 14_000
"""Python refuses to write integers of more than 4300 digits."""


def read_bytes(data: bytes) -> Any:  # Any: JSON-like
    """Return bytes as the text that they are, or their size. A character cut at the end is left out."""
    import codecs

    try:
        text, used = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        used, text = -4, ""
    return text if len(data) - used < 4 else {"type": "bytes", "size": len(data)}


def make_plain(value: Any, depth: int = 0) -> Any:  # Any: anything goes in, JSON-like comes out
    """Return a value that every JSON writer accepts: text for keys, no NaN, no endless numbers, no circles."""
    kind = type(value)
    if kind is str:
        return value
    if value is None or kind is bool:
        return value
    if kind is int:
        bits = value.bit_length()
        return value if bits < _DIGITS_LIMIT_BITS else {"type": "int", "bits": bits}
    if kind is float:
        return value if math.isfinite(value) else None
    if depth > DEPTH_LIMIT:
        return {"type": kind.__qualname__}
    if kind is dict:
        return {_name_key(key): make_plain(item, depth + 1) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [make_plain(item, depth + 1) for item in value]
    return read_bytes(value) if kind is bytes else {"type": kind.__qualname__}


def draft_json(value: Any, *, is_sorted: bool = False) -> bytes:  # Any: JSON-like
    """Return UTF-8 JSON quickly, of a value made of built-ins. With `is_sorted` equal mappings have equal documents."""
    try:
        return orjson.dumps(value, _tell_other, _SORTED if is_sorted else None)
    except TypeError:  # a key that is no text, a lone surrogate, an integer over 64 bits
        return write_json(value, is_sorted=is_sorted)


def write_json(value: Any, *, is_sorted: bool = False) -> bytes:  # Any: anything
    """Return strictly valid UTF-8 JSON of any value; NaN and infinity are null, a lone surrogate is U+FFFD."""
    text = json.dumps(make_plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=is_sorted)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return clean_surrogates(text).encode()


def clean_surrogates(text: str) -> str:
    """Return text that UTF-8 can hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode_text(text: str) -> bytes:
    """Return UTF-8 of any text."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return clean_surrogates(text).encode()


def _name_key(key: Any) -> str:
    kind = type(key)
    if kind is str:
        return key  # type: ignore[no-any-return]
    if key is None or kind is bool:
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)[:200] if kind is float or (kind is int and key.bit_length() < 256) else kind.__qualname__


def _tell_other(value: Any) -> Any:
    if type(value) is bytes:
        return read_bytes(value)
    raise TypeError(type(value))
