"""A value as it is now, taken on the caller's thread for about half a microsecond a kilobyte.

Plain built-ins become JSON at once. What JSON cannot hold is copied here, level by level, and what is unknown, too deep or
too large goes to `careful.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from foretell.model.payload import Captured, Taken
from foretell.payloads.taking.adapters import read_model
from foretell.payloads.taking.careful import NODE_BYTES, CarefulCopy, describe

LIMIT_BYTES = 10 * 2**20
"""How much text of one value is kept."""

_DOCUMENT_BYTES = 256 * 2**10
"""Larger documents are given up, and their values copied under limits."""
_LONG_TEXT = 64 * 2**10
"""Longer texts are kept as they are: they cannot change, and writing them takes a millisecond a megabyte."""
# Of a subclass, code of its own might run.
_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_SORTED = _PLAIN | orjson.OPT_SORT_KEYS

# Deeper or larger values are copied again by CarefulCopy, which knows cycles and cuts.
_PLAIN_DEPTH = 12
_PLAIN_NODES = 20_000


def take_snapshot(
    value: Any, limit_bytes: int = LIMIT_BYTES, *, is_sorted: bool = False
) -> Taken:  # Any: whatever a program passes around
    """Return the value as it is now, nothing of it shared that can still change.

    Runs no code of the value's class, never raises, and takes no longer than copying `limit_bytes` does. `is_sorted`
    gives equal mappings equal documents.
    """
    return _write_document(value, limit_bytes, _SORTED if is_sorted else _PLAIN) or take_copy(value, limit_bytes)


def take_copy(value: Any, limit_bytes: int = LIMIT_BYTES) -> Captured:  # Any: whatever a program passes around
    """Return the same as built-ins, for who goes on to work with them."""
    kind = type(value)
    if kind is str:
        if len(value) <= limit_bytes:
            return Captured(value, len(value))
    elif value is None or kind is int or kind is bool or kind is float:
        return Captured(value, NODE_BYTES)
    elif kind is dict and len(value) < _PLAIN_NODES:
        return _capture(value, value.copy(), limit_bytes)
    elif (kind is list or kind is tuple) and len(value) < _PLAIN_NODES:
        return _capture(value, list(value), limit_bytes)
    elif (fields := read_model(kind, value)) is not None:
        return _capture(value, fields, limit_bytes)
    return _capture_carefully(value, limit_bytes)


def take_arguments(
    signature_names: Sequence[str],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    skip_first: bool = False,
    limit_bytes: int = LIMIT_BYTES,
) -> Taken:
    """Return a call's arguments by parameter name, as they are now.

    `signature_names` comes from `list_parameters`; `skip_first` leaves out `self` or `cls`.
    """
    if not args and not kwargs:
        return Captured({}, NODE_BYTES)
    if skip_first and args:
        args = args[1:]
        if signature_names and signature_names[0][0] != "*":
            signature_names = signature_names[1:]
    if len(args) > len(signature_names) or (signature_names and signature_names[-1][0] == "*"):
        bound = _bind_many(signature_names, args)
    else:
        bound = dict(zip(signature_names, args))  # noqa: B905  # the keyword would double the cost
    if kwargs:
        bound.update(kwargs)
    is_flat = True
    for item in bound.values():
        kind = type(item)
        if kind is str:
            if len(item) > _LONG_TEXT:
                return _capture(bound, bound, limit_bytes)
        elif kind is not int and item is not None and kind is not bool and kind is not float:
            is_flat = False
    written = _dump(bound, limit_bytes, _SORTED) if is_flat else _write_document(bound, limit_bytes, _SORTED)
    return written or _capture(bound, bound, limit_bytes)


def list_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of positional parameters, `*name` last where it takes more; empty where nobody can tell.

    Slow (inspect): call it once per function, when it is decorated.
    """
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return (*names, *("*" + p.name for p in parameters if p.kind is p.VAR_POSITIONAL))


def _bind_many(names: Sequence[str], args: tuple[Any, ...]) -> dict[str, Any]:
    """Bind where the last name takes the rest, or where there are more arguments than names."""
    has_rest = bool(names) and names[-1][0] == "*"
    fixed = len(names) - has_rest
    bound = dict(zip(names[:fixed], args, strict=False))
    if len(args) > fixed:
        bound[names[-1][1:] if has_rest else "args"] = args[fixed:]
    return bound


def _write_document(value: Any, limit_bytes: int, options: int) -> bytes | None:
    """Write a value of plain built-ins as JSON; None where it is anything else, or large."""
    if type(value) is str and len(value) > _LONG_TEXT:
        return None
    try:
        kind = type(value)
        if (kind is dict or kind is list or kind is tuple) and not _is_small(value):
            return None
    except Exception:  # of what changes while it is looked at
        return None
    return _dump(value, limit_bytes, options)


def _dump(value: Any, limit_bytes: int, options: int) -> bytes | None:
    try:
        written = orjson.dumps(value, None, options)
    except Exception:  # also of an enumeration's own `value`
        return None
    size = len(written)
    if size > _DOCUMENT_BYTES or size > limit_bytes:
        return None
    # A copy, for orjson leaves a buffer of eight times the size behind what it gives, as long as that lives.
    return b"".join((written, b""))


def _is_small(value: Any) -> bool:
    """Look at the boxes: what holds itself, or the same part in many places, is written out without an end.

    Kinds are compared by identity: a set would ask the class for its hash, which may be the user's code.
    """
    boxes = [value]
    nodes = 0
    for box in boxes:  # which grows meanwhile; anything else costs three times as much
        nodes += len(box)
        if nodes > _PLAIN_NODES:
            return False
        for item in box.values() if type(box) is dict else box:
            # Texts first, since most are.
            if (kind := type(item)) is not str and (kind is dict or kind is list or kind is tuple):
                boxes.append(item)  # noqa: PERF401  # `extend` needs a list or a generator for each box
    return True


def _capture(value: Any, copy: dict[str, Any] | list[Any], limit_bytes: int) -> Captured:
    """Copy what is inside `copy`, a shallow copy of `value`; start again carefully where that does not do."""
    try:
        return _copy_inside(copy, limit_bytes) or _capture_carefully(value, limit_bytes)
    except (RecursionError, RuntimeError, MemoryError):
        return _capture_carefully(value, limit_bytes)


def _copy_inside(root: dict[str, Any] | list[Any], limit_bytes: int) -> Captured | None:  # noqa: C901  # one loop: calls cost more
    """Replace every container below `root` by its copy. None means "too deep, too large, too odd".

    Level by level instead of by recursion: a call costs more than the leaf it would copy.
    """
    careful = None
    size = 0
    nodes = len(root)
    level: list[Any] = [root]
    for _ in range(_PLAIN_DEPTH):
        deeper: list[Any] = []
        for box in level:
            for key, item in box.items() if type(box) is dict else enumerate(box):
                if type(key) is not str and type(box) is dict:
                    return None
                kind = type(item)
                if kind is str:
                    size += len(item)
                elif item is None or kind is int or kind is bool or kind is float:
                    pass
                elif kind is dict or kind is list or kind is tuple:
                    nodes += len(item)
                    if nodes > _PLAIN_NODES:
                        return None
                    box[key] = copy = item.copy() if kind is dict else list(item)
                    deeper.append(copy)
                elif (fields := read_model(kind, item)) is not None:
                    nodes += len(fields)
                    if nodes > _PLAIN_NODES:
                        return None
                    box[key] = fields
                    deeper.append(fields)
                else:
                    careful = careful or CarefulCopy(limit_bytes)
                    box[key] = careful.copy(item)
        if not deeper:
            if size > limit_bytes:
                return None
            size += NODE_BYTES * nodes
            return Captured(root, size + careful.size_bytes, careful.is_truncated) if careful else Captured(root, size)
        level = deeper
    return None


def _capture_carefully(value: Any, limit_bytes: int) -> Captured:
    careful = CarefulCopy(limit_bytes)
    try:
        copy = careful.copy(value)
    except (RecursionError, RuntimeError, MemoryError):
        return Captured(describe(type(value)), NODE_BYTES, True)
    return Captured(copy, careful.size_bytes, careful.is_truncated)
