"""Read the fields of any object without running its owner's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

Fields = dict[str, Any]

# Programs have some hundred types that pass here; the bound is for types made in a loop.
MAX_TYPES = 2048
# Usage objects have about ten fields; the bounds are for whatever else is called `usage`.
MAX_ITEMS = 64
MAX_TEXT_CHARS = 256

_NAMES = {str}
_COUNTS = {int}

get_attribute = object.__getattribute__
# Past what a metaclass may have overridden.
_read_bases = type.__dict__["__mro__"].__get__
_read_namespace = type.__dict__["__dict__"].__get__


def _no_fields(_: Any) -> None:
    """Of a type that keeps no fields we may read."""


def _own_fields(value: Any) -> Fields:
    return get_attribute(value, "__dict__")  # type: ignore[no-any-return]  # object.__getattribute__ is untyped


def _pydantic_fields(value: Any) -> Fields:
    # Fields that a client's model does not know (OpenRouter's `cost`) stand apart from the others.
    own: Fields = get_attribute(value, "__dict__")
    extra = get_attribute(value, "__pydantic_extra__")
    return {**own, **extra} if extra else own


def _dict_fields(value: Any) -> Fields:
    return dict(dict.items(value))  # not `copy`, which calls a subclass's own `keys`


def _slot_fields(value: Any) -> Fields:
    fields: Fields = {}
    for owner in _read_bases(type(value)):
        for name, slot in _read_namespace(owner).items():
            if type(slot) is MemberDescriptorType:
                try:
                    fields[name] = slot.__get__(value)
                except AttributeError:  # a slot that was never set
                    continue
    return fields


_HOW: dict[type, Callable[[Any], Fields | None]] = dict.fromkeys(
    (str, int, float, bool, type(None), bytes, list, tuple, set, frozenset), _no_fields
)
"""How an object of a type holds its fields, found once per type."""


def _learn(kind: type) -> Callable[[Any], Fields | None]:
    if len(_HOW) >= MAX_TYPES:
        _HOW.clear()
    how = _HOW[kind] = _choose(kind)
    return how


def _choose(kind: type) -> Callable[[Any], Fields | None]:
    if issubclass(kind, dict):
        return _dict_fields
    if issubclass(kind, (str, bytes, int, float, list, tuple, type)):
        return _no_fields
    parts: list[Mapping[str, Any]] = [_read_namespace(owner) for owner in _read_bases(kind)]
    if any("__pydantic_extra__" in part for part in parts):
        return _pydantic_fields
    for part in parts:
        if "__dict__" in part:
            # A property named `__dict__` would be the user's code.
            return _own_fields if type(part["__dict__"]) is GetSetDescriptorType else _no_fields
    has_slots = any(type(member) is MemberDescriptorType for part in parts for member in part.values())
    return _slot_fields if has_slots else _no_fields


def fields_of(value: object) -> Fields | None:
    """The fields of an object or a dict, to be read only; None for what has none.

    Takes what is stored in the instance: no property, no `__getattr__`, no `__getattribute__` runs.
    """
    kind = type(value)
    if kind is dict:
        return value  # type: ignore[return-value]  # a dict, whatever its keys
    return (_HOW.get(kind) or _learn(kind))(value)


def read_text(value: object) -> str | None:
    """A string of our own from a string or an enum's member; None for anything else."""
    if type(value) is str:
        return value if len(value) <= MAX_TEXT_CHARS else value[:MAX_TEXT_CHARS]
    if isinstance(value, str):
        text = str.__str__(value)
        return text if len(text) <= MAX_TEXT_CHARS else text[:MAX_TEXT_CHARS]
    fields = fields_of(value)
    stored = fields.get("_value_") if fields else None
    return str.__str__(stored)[:MAX_TEXT_CHARS] if isinstance(stored, str) else None


def copy_counts(value: object, depth: int = 3) -> Fields | None:
    """What an object of counts holds now, as built-ins; None for what has no fields.

    Fields that are None are left out. Nested objects are copied `depth` levels down.
    """
    fields = fields_of(value)
    if not fields:
        return None
    if len(fields) > MAX_ITEMS:
        fields = dict(islice(fields.items(), MAX_ITEMS))
    if type(value) is dict:
        if set(map(type, fields)) != _NAMES:
            fields = {name: item for name, item in fields.items() if type(name) is str}
        elif set(map(type, fields.values())) == _COUNTS:
            return fields.copy()
    copied: Fields = {}
    for name, item in fields.items():
        kind = type(item)
        if kind is int:
            copied[name] = item
        elif item is not None:
            plain = _copy_item(item, kind, depth)
            if plain is not None:
                copied[name] = plain
    return copied


def copy_plain_counts(usage: Fields) -> Fields | None:
    """The same of a dict, in fewer steps where there is nothing but numbers in it."""
    if len(usage) <= MAX_ITEMS:
        for name, item in usage.items():
            if type(item) is not int or type(name) is not str:
                break
        else:
            return usage.copy() or None
    return copy_counts(usage)


def _copy_item(item: Any, kind: type, depth: int) -> Any:
    if kind is dict:
        return copy_counts(item, depth - 1) if depth > 0 else None
    how = _HOW.get(kind)
    if how is _own_fields or how is _pydantic_fields:  # nearly always: the details of a count
        if depth <= 0:
            return None
        text = read_text(item) if "_value_" in get_attribute(item, "__dict__") else None
        return copy_counts(item, depth - 1) if text is None else text
    if kind is float or kind is bool:
        return item
    if isinstance(item, int):  # an enum's member
        return int.__int__(item)
    if isinstance(item, float):
        return float.__float__(item)
    if isinstance(item, str):
        return read_text(item)
    if kind is Decimal:
        return float(item)
    if depth <= 0:
        return None
    if kind is list or kind is tuple:
        return [plain for one in item[:MAX_ITEMS] if (plain := _copy_item(one, type(one), depth - 1)) is not None]
    return copy_counts(item, depth - 1)
