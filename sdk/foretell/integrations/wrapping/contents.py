"""What goes into a model call and comes out of it, as JSON for the record."""

from __future__ import annotations

from typing import Any

MAX_CHARACTERS = 256 * 1024


def write_content(value: Any) -> str:
    """Write what a client was given or gave back; values of its own classes by their fields."""
    import orjson

    text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    return text[:MAX_CHARACTERS]


def _plain(value: Any) -> Any:
    for method in ("model_dump", "dict"):
        dump = getattr(value, method, None)
        if callable(dump):
            return dump()
    return getattr(value, "__dict__", None) or type(value).__qualname__
