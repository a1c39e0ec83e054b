"""A value's JSON, the form in which it is searched, kept and shown."""

from __future__ import annotations

import json
import json.encoder
import math
import sys
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

# Not in the type stubs; None on a Python without the C accelerator.
_make_c_encoder: Any = getattr(json.encoder, "c_make_encoder", None)

DEPTH_LIMIT = 60
_DIGITS_LIMIT_BITS = 14_000
"""Python refuses to write integers of more than 4300 digits."""
_DIGITS_LIMIT = 4300
_LONG_NUMBER = b"0" * 1000
_ONLY_DIGITS = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))

Writer = Callable[[Any], bytes]


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


def draft_json(value: Any, size_bytes: int = 0, *, is_sorted: bool = False) -> bytes:  # Any: JSON-like
    """Return UTF-8 JSON quickly, of a value made of built-ins.

    A control character other than newline, return and tab may stand in it as it is: redaction looks for those, and
    what has one is written again by `write_json`. With `is_sorted` the bytes are the same wherever they are written,
    so that their hash is.
    """
    try:
        if not is_sorted:
            write = _write_fast or _find_loaded_writer()
            if write is not None:
                return write(value)
        if type(value) is str:
            return _quote(value).encode()
        is_wordy = size_bytes > 2000 or (type(value) is dict and size_bytes > 200 * len(value))
        return "".join(_DRAFTERS[is_wordy, is_sorted](value, 0)).encode()
    except (TypeError, ValueError, RecursionError):
        return write_json(value, is_sorted=is_sorted)


def rewrite_json(value: Any) -> bytes:  # Any: parsed JSON
    """Return strictly valid UTF-8 JSON quickly, of what was read from JSON."""
    write = _write_fast or _find_loaded_writer()
    if write is not None:
        try:
            return write(value)
        except (TypeError, ValueError):  # a lone surrogate, say
            pass
    return write_json(value)


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


def _quote(text: str) -> str:
    """Return a JSON string. The standard library looks at each character; replacing is five times as fast."""
    if len(text) < 80:
        return encode_basestring(text)
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if '"' in text:
        text = text.replace('"', '\\"')
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if "\r" in text:
        text = text.replace("\r", "\\r")
    if "\t" in text:
        text = text.replace("\t", "\\t")
    return f'"{text}"'


def _make_drafter(is_wordy: bool, is_sorted: bool) -> Callable[[Any, int], Any]:
    quote = _quote if is_wordy else encode_basestring
    if _make_c_encoder is None:
        encoder = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), sort_keys=is_sorted, allow_nan=False, default=_tell_other
        )
        return lambda value, _: encoder.encode(value)
    # Made once: JSONEncoder makes one of these for each value.
    drafter: Callable[[Any, int], Any] = _make_c_encoder(
        None, _tell_other, quote, None, ":", ",", is_sorted, False, False
    )
    return drafter


def _tell_other(value: Any) -> Any:
    if type(value) is bytes:
        return read_bytes(value)
    raise TypeError(type(value))


def _find_installed_writer() -> Writer | None:
    try:
        import orjson
    except ImportError:
        return None

    def write(value: Any) -> bytes:
        document: bytes = orjson.dumps(value, _tell_other)
        return document

    return write


def _find_loaded_writer() -> Writer | None:
    """The writer that comes with prices: three times as fast as the standard library's, if somebody has loaded it."""
    global _write_fast
    to_json: Any = getattr(sys.modules.get("pydantic_core"), "to_json", None)
    if to_json is None:
        return None

    def write(value: Any) -> bytes:
        document: bytes = to_json(value, inf_nan_mode="null")
        if len(document) > _DIGITS_LIMIT and _LONG_NUMBER in document.translate(_ONLY_DIGITS):
            raise ValueError("a number of more digits than Python reads")
        return document

    try:
        write(1.5)
    except (TypeError, ValueError):  # of another version than those we know
        return None
    _write_fast = write
    return write


_DRAFTERS = {(wordy, sort): _make_drafter(wordy, sort) for wordy in (False, True) for sort in (False, True)}
_write_fast = _find_installed_writer()
