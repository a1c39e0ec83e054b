"""Everything that a program leaves behind, as bytes without their wrappings, and a search for what must not be in it."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import re2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_UNICODE = re.compile(rb"\\u([0-9a-fA-F]{4})")
_PLAIN = ((b'\\"', b'"'), (b"\\n", b"\n"), (b"\\r", b"\r"), (b"\\t", b"\t"), (b"\\/", b"/"))
_BACKSLASH = b"\0backslash\0"
_LAYERS = 4
"""How deep JSON stands in JSON at most."""


def read_store(directory: Path) -> dict[str, bytes]:
    """Every file of a store as it is, and every value of every table without its compression."""
    found = {f"file {path.name}": path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    connection = sqlite3.connect(directory / "store.db")
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            values = [_as_bytes(value) for row in rows for value in row]
            found[f"table {table}"] = b"\n".join(values)
            found[f"chunks in table {table}"] = join_chunks(values)
    finally:
        connection.close()
    return found


def find_all(needles: Iterable[str], haystacks: dict[str, bytes]) -> dict[str, str]:
    """Needle → the first place where it stands and what stands around it."""
    wanted = {needle: needle.encode() for needle in needles}
    any_of_them = re2.compile("|".join(map(re2.escape, wanted)))
    found: dict[str, str] = {}
    for place, data in haystacks.items():
        for layer in unfold(data):
            if any_of_them.search(layer) is None:
                continue
            for needle, encoded in wanted.items():
                at = layer.find(encoded)
                if at >= 0:
                    around = layer[max(0, at - 90) : at + len(encoded) + 20]
                    found.setdefault(needle, f"{place}: {around!r}")
    return found


def read_traces(bodies: Iterable[bytes]) -> bytes:
    """What stands in chunks in the attributes of spans."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    scopes = [scope for request in requests for group in request.resource_spans for scope in group.scope_spans]
    spans = [span for scope in scopes for span in scope.spans]
    return join_chunks(item.value.string_value.encode() for span in spans for item in span.attributes)


def join_chunks(documents: Iterable[bytes]) -> bytes:
    """The texts in each JSON document, one after the other: what a stream brought in pieces stands together again."""
    joined = []
    for document in documents:
        if document[:1] in (b"[", b"{"):
            try:
                joined.append("".join(_list_texts(json.loads(document))).encode("utf-8", "replace"))
            except ValueError:
                continue
    return b"\n".join(joined)


def _list_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _list_texts(item)


def unfold(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, then without JSON's escapes, layer by layer, and without those of URLs."""
    yield data
    yield unquote_to_bytes(data)
    for _ in range(_LAYERS):
        if b"\\" not in data:
            return
        data = _unescape(data)
        yield data


def _unescape(data: bytes) -> bytes:
    """Without one layer of JSON's escapes."""
    data = data.replace(b"\\\\", _BACKSLASH)
    for escaped, plain in _PLAIN:
        data = data.replace(escaped, plain)
    if b"\\u" in data:
        data = _UNICODE.sub(lambda match: chr(int(match[1], 16)).encode("utf-8", "replace"), data)
    return data.replace(_BACKSLASH, b"\\")


def _as_bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode("utf-8", "replace")
    for unpack in (zlib.decompress, gzip.decompress):
        try:
            return unpack(value)
        except (zlib.error, gzip.BadGzipFile, EOFError):
            continue
    return value
