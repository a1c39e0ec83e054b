"""Reads export requests that are bytes already: how many items are in them, and how to make two of one."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.export.otlp.wire import delimited

# Resource, scope, item: in each of them field 1 is the head and field 2 the parts, in all three signals.
_TOP, _PART = 1, 2


def split_request(body: bytes) -> tuple[bytes, bytes] | None:
    """Make two requests of one, with half of the items each; None where there is one item only, or none."""
    return _split(body, _TOP, 3)


def count_items(body: bytes) -> int:
    """How many spans, log records or metrics a request carries."""
    return _count(body, _TOP, 3)


def read_partial_success(body: bytes) -> tuple[int, str]:
    """How many items a collector refused although it answered 200, and why; (0, "") where all is well."""
    rejected, message = 0, ""
    for number, value in _fields(body):
        if number == 1 and isinstance(value, bytes):
            for inner, content in _fields(value):
                if inner == 1 and isinstance(content, int):
                    rejected = content
                elif inner == 2 and isinstance(content, bytes):
                    message = content.decode(errors="replace")
    return rejected, message


def _split(body: bytes, number: int, levels: int) -> tuple[bytes, bytes] | None:
    parts = [value for found, value in _fields(body) if found == number and isinstance(value, bytes)]
    rest = b"".join(_field(found, value) for found, value in _fields(body) if found != number)
    if len(parts) > 1:
        middle = len(parts) // 2
        return tuple(  # type: ignore[return-value]  # two halves
            rest + b"".join(_field(number, part) for part in half) for half in (parts[:middle], parts[middle:])
        )
    if not parts or levels == 1:
        return None
    halves = _split(parts[0], _PART, levels - 1)
    return halves and (rest + _field(number, halves[0]), rest + _field(number, halves[1]))


def _count(body: bytes, number: int, levels: int) -> int:
    parts = [value for found, value in _fields(body) if found == number and isinstance(value, bytes)]
    return len(parts) if levels == 1 else sum(_count(part, _PART, levels - 1) for part in parts)


def _field(number: int, value: bytes | int) -> bytes:
    # Requests hold messages and texts only, down to the items.
    return bytes((number << 3 | 2,)) + delimited(value) if isinstance(value, bytes) else b""


def _fields(body: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and value of each field; stops where the bytes make no sense."""
    at, end = 0, len(body)
    while at < end:
        tag, at = _varint(body, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(body, at)
            yield tag >> 3, value
        elif kind == 2:
            size, at = _varint(body, at)
            yield tag >> 3, body[at : at + size]
            at += size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            return


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(body):
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, at
