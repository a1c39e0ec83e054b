"""Copies any value under limits: cuts what is too long, too deep or circular, and describes what it does not know."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from foretell.payloads.taking import bare

NODE_LIMIT = 50_000
"""How many leaves and containers of one value are kept."""
DEPTH_LIMIT = 40
_LEAVES = frozenset((int, float, bool, type(None)))
NODE_BYTES = 16
"""What a leaf or container counts for in the estimate of a size, beside its text."""


def describe(cls: type, **facts: Any) -> dict[str, Any]:  # Any: JSON-like facts
    """Return what stands for a value that is not kept: its type, and what is known of its size."""
    return {"type": bare.name_type(cls), **facts}


class CarefulCopy:
    """One copy in progress. Knows what is left of the limits, and which containers it is inside of."""

    __slots__ = ("_inside", "_nodes_left", "_text_left", "is_truncated", "size_bytes")

    def __init__(self, limit_bytes: int) -> None:
        """Begin a copy that keeps at most `limit_bytes` of text."""
        self._text_left = limit_bytes
        self._nodes_left = NODE_LIMIT
        self._inside: set[int] = set()
        self.is_truncated = False
        self.size_bytes = 0

    @property
    def text_left(self) -> int:
        """How many characters or bytes may still be kept."""
        return max(self._text_left, 0)

    def copy(self, value: Any) -> Any:  # Any: whatever a program passes around
        """Return built-ins that tell the same."""
        kind = type(value)
        self.size_bytes += NODE_BYTES
        self._nodes_left -= 1
        if kind is str:
            return self.cut_text(value)
        if value is None or kind is int or kind is bool or kind is float:
            return value
        if kind is dict:
            return self.copy_mapping(value)
        if kind is list or kind is tuple:
            return self.copy_items(value)
        return self._copy_other(kind, value)

    def cut_text(self, text: str) -> str:
        """Return the text, shortened to what is left of the limit."""
        length = len(text)
        if length > self._text_left:
            self.is_truncated = True
            # No mark here: one character beyond ASCII would double the size of what is kept.
            text = text[: self.text_left]
            length = len(text)
        self._text_left -= length
        self.size_bytes += length
        return text

    def cut_bytes(self, data: bytes) -> bytes:
        """Return the bytes, shortened to what is left of the limit."""
        if len(data) > self._text_left:
            self.is_truncated = True
            data = data[: self.text_left]
        self._text_left -= len(data)
        self.size_bytes += len(data)
        return data

    def copy_mapping(self, mapping: dict[Any, Any]) -> Any:
        """Return a copy with text for keys, cut to what is left of the limits."""
        if not self._enter(mapping):
            return describe(type(mapping), size=dict.__len__(mapping))
        length = dict.__len__(mapping)
        kept = self._afford(length)
        pairs = list(islice(dict.items(mapping), kept))
        copy: dict[str, Any] = {}
        for key, item in pairs:
            name = self._name_key(key)
            while name in copy:
                name += "'"
            copy[name] = self.copy(item)
        if kept < length:
            copy["…"] = f"(+{length - kept} items)"
        self._inside.discard(id(mapping))
        return copy

    def copy_items(self, items: list[Any] | tuple[Any, ...]) -> Any:
        """Return a copied list, cut to what is left of the limits."""
        base: Any = list if issubclass(type(items), list) else tuple
        length = base.__len__(items)
        if not self._enter(items):
            return describe(type(items), size=length)
        copy = self.copy_some(base.__iter__(items), length)
        self._inside.discard(id(items))
        return copy

    def copy_some(self, items: Iterable[Any], length: int) -> list[Any]:
        """Return a copied list of an iterable whose iteration runs no user code and whose length is known."""
        kept = self._afford(length)
        copy = list(islice(items, kept))
        if _LEAVES.issuperset(map(type, copy)):  # a table of numbers: nothing in it needs a look of its own
            self.size_bytes += NODE_BYTES * len(copy)
            self._nodes_left -= len(copy)
        else:
            copy = [self.copy(item) for item in copy]
        if kept < length:
            copy.append(f"… (+{length - kept} items)")
        return copy

    def copy_fields(self, owner: object, fields: dict[str, Any]) -> Any:
        """Return an object's fields, noticing when the object holds itself."""
        if not self._enter(owner):
            return describe(type(owner))
        copy = self.copy_mapping(fields)
        self._inside.discard(id(owner))
        return copy

    def _copy_other(self, kind: type, value: Any) -> Any:
        from foretell.payloads.taking.adapters import find_adapter

        try:
            return find_adapter(kind)(self, value)
        except Exception:
            # A library's own object in a state its author did not foresee: its type is all that can be said.
            return describe(kind)

    def _enter(self, container: object) -> bool:
        """Note that we go inside; False where that is too deep, or a circle."""
        if id(container) in self._inside or len(self._inside) >= DEPTH_LIMIT:
            self.is_truncated = True
            return False
        self._inside.add(id(container))
        return True

    def _afford(self, length: int) -> int:
        if length > self._nodes_left:
            self.is_truncated = True
            return max(self._nodes_left, 0)
        return length

    def _name_key(self, key: Any) -> str:
        kind = type(key)
        if kind is str:
            return self.cut_text(key)
        if kind is int:
            return str(key) if -(2**63) <= key < 2**64 else describe(kind)["type"]
        copy = self.copy(key)
        kind = type(copy)
        if kind is str:
            return copy  # type: ignore[no-any-return]
        if kind is int or kind is float:
            return str(copy)
        if copy is None or kind is bool:
            return {None: "null", True: "true", False: "false"}[copy]
        return bare.name_type(type(key)) if kind is dict else str(copy)[:200]
