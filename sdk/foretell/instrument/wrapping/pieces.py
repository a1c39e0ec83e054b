"""What a stream yielded, gathered within a limit: text joined to text, so that nothing hides across two chunks."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from foretell.cost.fields import fields_of
from foretell.model.payload import Captured
from foretell.payloads.taking.snapshot import take_copy

MAX_PIECES = 50_000


class Pieces:
    """The chunks of one stream."""

    __slots__ = ("_is_cut", "_is_text", "_items", "_left")

    def __init__(self, limit_bytes: int) -> None:
        """Keep up to `limit_bytes`."""
        self._items: list[Any] = []
        self._is_text = True
        self._left = limit_bytes
        self._is_cut = False

    def add(self, chunk: Any) -> None:
        """Keep a chunk as it is now: its text where its shape is known, else a snapshot."""
        if self._left <= 0 or len(self._items) >= MAX_PIECES:
            self._is_cut = True
            return
        text = text_of(chunk)
        if text is None:
            captured = take_copy(chunk, self._left)
            self._is_text = False
            self._items.append(captured.value)
            self._left -= captured.size_bytes
        elif text:
            self._items.append(text[: self._left])
            self._left -= len(text)

    def join(self) -> Captured:
        """Everything kept: one text if all of it was text, else runs of text and other values in order."""
        value: Any = "".join(self._items) if self._is_text else _merge(self._items)
        size = sum(len(item) if isinstance(item, (str, bytes)) else 64 for item in self._items)
        if type(value) is list and len(value) == 1 and isinstance(value[0], bytes):
            value = value[0]
        return Captured(value, size, self._is_cut, is_stream=type(value) is list)


def text_of(chunk: Any) -> str | None:
    """The text that a chunk of a well-known shape adds; "" if it adds none; None if the shape is not known."""
    if issubclass(type(chunk), str):
        return str.__str__(chunk)
    choices = _get(chunk, "choices")
    if isinstance(choices, list):
        delta = _get(choices[0], "delta") if choices else None
        return _only_text(delta, "content") if delta is not None else ""
    delta = _get(chunk, "delta")
    if isinstance(delta, str):
        return delta
    if delta is not None:
        return _only_text(delta, "text")
    for key in ("text", "content", "response"):
        value = _get(chunk, key)
        if isinstance(value, str):
            return value
    return None


def _only_text(delta: Any, key: str) -> str | None:
    """The delta's text; None where it carries something else that must not be lost, such as a tool call."""
    if _get(delta, "tool_calls") or _get(delta, "partial_json"):
        return None
    value = _get(delta, key)
    return value if isinstance(value, str) else ""


def _get(value: Any, key: str) -> Any:
    """A field of a mapping or of an object; never runs code of the user's."""
    fields = fields_of(value)
    return None if fields is None else fields.get(key)


def _merge(items: list[Any]) -> list[Any]:
    """Runs of text, and of bytes, as one each."""
    merged: list[Any] = []
    for kind, run in groupby(items, type):
        if kind is str or kind is bytes:
            merged.append(kind().join(run))
        else:
            merged += run
    return merged
