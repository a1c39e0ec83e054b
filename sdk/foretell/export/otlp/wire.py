"""Turns values, attributes, resources and scopes into protobuf bytes by hand, many times cheaper than message objects.

Everything here returns bytes in one of two forms: a *delimited* message (its length, then its body), to be put
after a tag, or a *field* (tag, length, body), to be joined with others. Nothing raises: what OTLP cannot hold
is replaced by something that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from struct import Struct
from typing import Any

INT64_MIN, INT64_MAX, UINT64_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1

# Collectors refuse messages nested deeper than 100. A record's attribute begins at level 7 and this is the rest, less a few.
DEPTH_LIMIT = 84
TOO_DEEP = "<nested too deeply>"

# Longer strings seldom come twice, and hashing one costs as much as encoding it.
SHORT_CHARS = 64
CACHE_ENTRIES = 4096

_pack_double_value = Struct("<BBd").pack
_ONE_BYTE = [bytes((n,)) for n in range(128)]
_SHORT_STRINGS = [bytes((n + 2, 0x0A, n)) for n in range(126)]
"""What precedes a string of n bytes in a delimited `AnyValue`."""
_varints: dict[int, bytes] = {}
_keys: dict[str, bytes] = {}
_ints: dict[int, bytes] = {}
_pairs: dict[tuple[str, str], bytes] = {}
_int_pairs: dict[tuple[str, int], bytes] = {}
_texts: dict[str, bytes] = {}

_NOTHING = b"\x00"
_TRUE, _FALSE = b"\x02\x10\x01", b"\x02\x10\x00"


def varint(n: int) -> bytes:
    """Encode an unsigned number of up to 64 bits."""
    if n < 128:
        return _ONE_BYTE[n]
    if known := _varints.get(n):
        return known
    out = bytearray()
    rest = n
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    encoded = bytes(out)
    if n < 32768:  # lengths: bounded by being small
        _varints[n] = encoded
    return encoded


def delimited(body: bytes) -> bytes:
    """Put its length before a message or text."""
    n = len(body)
    return (_ONE_BYTE[n] if n < 128 else varint(n)) + body


def utf8(value: str) -> bytes:
    """Encode text; lone halves of surrogate pairs, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def text(value: Any) -> bytes:
    """Delimited text, remembered while it is short: names, units, scopes. What is no text is named by its type."""
    if type(value) is str and len(value) <= SHORT_CHARS:
        known = _texts.get(value)
        if known is None:
            known = delimited(utf8(value))
            _remember(_texts, value, known)
        return known
    return delimited(utf8(value if isinstance(value, str) else describe(value)))


def attributes_field(tag: bytes, attributes: Mapping[str, Any] | None) -> bytes:
    """Encode attributes as repeated `KeyValue` fields under `tag`; empty where there are none."""
    return tag + tag.join(attribute_pairs(attributes)) if attributes else b""


def attribute_pairs(attributes: Mapping[str, Any], depth: int = DEPTH_LIMIT) -> list[bytes]:
    """Encode each attribute as a delimited `KeyValue`; `depth` as in `any_value`."""
    pairs = []
    for key, value in attributes.items():
        kind = type(value)
        if kind is str:
            pair = _pairs.get((key, value)) if len(value) <= SHORT_CHARS else None
            if pair is None:
                pair = string_pair(key, value)
                if len(value) <= SHORT_CHARS and type(key) is str:
                    _remember(_pairs, (key, value), pair)
        else:
            if kind is int:
                encoded = _ints.get(value) or _int_value(value)
            elif kind is float:
                encoded = _pack_double_value(0x09, 0x21, value)
            else:
                encoded = any_value(value, depth)
            pair = delimited((_keys.get(key) or _key(key)) + encoded)
        pairs.append(pair)
    return pairs


def string_pair(key: str, value: str | bytes) -> bytes:
    """Encode one attribute whose text (or UTF-8) seldom comes again: nothing is remembered."""
    start = _keys.get(key) or _key(key)
    raw = value if type(value) is bytes else utf8(value)  # type: ignore[arg-type]  # a string
    n = len(raw)
    if n < 126 and len(start) + 3 + n < 128:
        return b"".join((_ONE_BYTE[len(start) + 3 + n], start, _SHORT_STRINGS[n], raw))
    return string_head(b"", key, n) + raw


def string_head(tag: bytes, key: str, size: int) -> bytes:
    """What precedes the UTF-8 of a text of that size in an attribute under `tag`."""
    start = _keys.get(key) or _key(key)
    # Asked here first: a call costs more than the rest.
    length = _varints.get(size) or varint(size)
    size += 1 + len(length)
    inner = _varints.get(size) or varint(size)
    size += len(start) + len(inner)
    total = _varints.get(size) or varint(size)
    return b"".join((tag, total, start, inner, b"\x0a", length))


def int_pair(key: str, value: int) -> bytes:
    """Encode one attribute whose value is a number that comes again and again, such as a count."""
    known = _int_pairs.get((key, value))
    if known is None:
        known = delimited((_keys.get(key) or _key(key)) + _int_value(value))
        _remember(_int_pairs, (key, value), known)
    return known


def key_start(key: str) -> bytes:
    """What precedes the delimited value in the body of a `KeyValue` with this key."""
    return _keys.get(key) or _key(key)


def double_start(key: str) -> bytes:
    """What precedes the eight bytes of a double in an attribute with this key."""
    start = (_keys.get(key) or _key(key)) + b"\x09\x21"
    return varint(len(start) + 8) + start


def any_value(value: Any, depth: int = DEPTH_LIMIT) -> bytes:
    """Encode any value as a delimited `AnyValue`; `depth` is how many levels of messages may still follow."""
    kind = type(value)
    if kind is tuple or kind is list:  # the commonest, before the slow questions about abstract types
        return _array(value, depth)
    if kind is dict:
        return _map(value, depth)
    if isinstance(value, str):
        return _string_value(value)
    if value is None:
        return _NOTHING
    if kind is bool:
        return _TRUE if value else _FALSE
    if isinstance(value, int):
        return _int_value(int(value))
    if isinstance(value, float):
        return _pack_double_value(0x09, 0x21, value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return delimited(b"\x3a" + delimited(bytes(value)))
    return _container(value, depth)


def array_value(items: list[bytes]) -> bytes:
    """Encode a delimited `AnyValue` that holds an array of other such values."""
    return _container_of(b"\x2a", items)


def pair(key: str, value: bytes) -> bytes:
    """Encode one attribute whose value is a delimited `AnyValue`."""
    return delimited((_keys.get(key) or _key(key)) + value)


def describe(value: Any) -> str:
    """Stand-in for a value of a type that OTLP cannot hold; runs none of the value's own code."""
    return f"<{type(value).__qualname__}>"


def resource_field(attributes: Mapping[str, Any] | None, schema_url: str | None = None) -> bytes:
    """Encode what precedes the scopes of a request: the resource and its schema."""
    return b"\x0a" + delimited(attributes_field(b"\x0a", attributes)) + _schema_field(schema_url)


def scope_field(
    name: str | None,
    version: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    schema_url: str | None = None,
) -> bytes:
    """Encode what precedes the items of a scope: the scope and its schema."""
    body = b"\x0a" + text(name or "") + (b"\x12" + text(version) if version else b"")
    return b"\x0a" + delimited(body + attributes_field(b"\x1a", attributes)) + _schema_field(schema_url)


def list_scope(scope: bytes, items: Iterable[bytes], size: int | None = None) -> tuple[list[bytes], int]:
    """One scope with its items, as the pieces of a field of a resource, and their size. `scope` comes from `scope_field`.

    `size` is that of the items, where it is known.
    """
    pieces = [b"", scope, *items]
    inner = len(scope) + size if size is not None else sum(map(len, pieces))
    pieces[0] = b"\x12" + varint(inner)
    return pieces, len(pieces[0]) + inner


def list_resource(resource: bytes, scopes: Iterable[tuple[list[bytes], int]]) -> tuple[list[bytes], int]:
    """One resource with its scopes (from `list_scope`), as the pieces of a field of a request, and their size.

    `resource` comes from `resource_field`.
    """
    pieces = [b"", resource]
    inner = len(resource)
    for scope, size in scopes:
        pieces += scope
        inner += size
    pieces[0] = b"\x0a" + varint(inner)
    return pieces, len(pieces[0]) + inner


def join_resource(resource: bytes, scopes: Iterable[tuple[list[bytes], int]]) -> bytes:
    """The same in one piece."""
    return b"".join(list_resource(resource, scopes)[0])


def join_request(resource: bytes, scope: bytes, items: Iterable[bytes]) -> bytes:
    """A whole export request of one resource and one scope, the same for spans, logs and metrics."""
    return join_resource(resource, (list_scope(scope, items),))


def forget() -> None:
    """Empty the caches."""
    caches: tuple[dict[Any, bytes], ...] = (_varints, _keys, _ints, _pairs, _int_pairs, _texts)
    for cache in caches:
        cache.clear()


def _schema_field(schema_url: str | None) -> bytes:
    return b"\x1a" + text(schema_url) if schema_url else b""


def _remember(cache: dict[Any, bytes], key: Any, encoded: bytes) -> None:
    if len(cache) >= CACHE_ENTRIES:
        cache.clear()
    cache[key] = encoded


def _key(key: Any) -> bytes:
    encoded = b"\x0a" + delimited(utf8(key if isinstance(key, str) else _key_text(key))) + b"\x12"
    if type(key) is str:
        _remember(_keys, key, encoded)
    return encoded


def _key_text(key: Any) -> str:
    if isinstance(key, int):
        return _digits(key)
    return str(key) if key is None or isinstance(key, (float, bytes)) else describe(key)


def _string_value(value: str) -> bytes:
    raw = utf8(value)
    n = len(raw)
    if n < 126:
        return _SHORT_STRINGS[n] + raw
    length = varint(n)
    return b"".join((varint(1 + len(length) + n), b"\x0a", length, raw))


def _int_value(value: int) -> bytes:
    if not INT64_MIN <= value <= INT64_MAX:
        return _string_value(_digits(value))
    encoded = delimited(b"\x18" + varint(value & UINT64_MAX))
    _remember(_ints, value, encoded)
    return encoded


def _digits(value: int) -> str:
    # Python refuses to write more than 4300 decimal digits.
    return str(value) if value.bit_length() < 10_000 else hex(value)


def _container(value: Any, depth: int) -> bytes:
    if isinstance(value, Mapping):
        return _map(value, depth)
    if isinstance(value, (Sequence, AbstractSet)):
        return _array(value, depth)
    return _string_value(describe(value))


def _map(value: Mapping[Any, Any], depth: int) -> bytes:
    if depth < 3:
        return _string_value(TOO_DEEP)
    return _container_of(b"\x32", attribute_pairs(value, depth - 3))


def _array(value: Iterable[Any], depth: int) -> bytes:
    if depth < 2:
        return _string_value(TOO_DEEP)
    return array_value([any_value(item, depth - 2) for item in value])


def _container_of(tag: bytes, items: list[bytes]) -> bytes:
    """A delimited `AnyValue` of delimited messages, each under tag 1."""
    if not items:
        return delimited(tag + b"\x00")
    n = sum(map(len, items)) + len(items)
    length = varint(n)
    # Joined once: every copy of a long text costs.
    return b"".join((varint(n + len(length) + 1), tag, length, b"\x0a", b"\x0a".join(items)))
