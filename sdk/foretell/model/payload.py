"""Content of a call: what went in and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

NO_RULES: Mapping[str, int] = MappingProxyType({})


class Captured:
    """A value as it was at one moment, as built-ins: nothing of it is shared that the program can still change.

    Made on the caller's thread, not yet redacted, never leaves the process.
    """

    __slots__ = ("is_stream", "is_truncated", "size_bytes", "value")

    size_bytes: int
    """A cheap estimate, for the queue's bound."""
    is_truncated: bool
    is_stream: bool
    """True for the list of a stream's chunks: a text may go on from one to the next."""

    def __init__(
        self,
        value: Any,  # any JSON-like structure of built-ins
        size_bytes: int,
        is_truncated: bool = False,
        is_stream: bool = False,
    ) -> None:
        """Hold a copy that nobody else has."""
        self.value = value
        self.size_bytes = size_bytes
        self.is_truncated = is_truncated
        self.is_stream = is_stream


Taken = bytes | Captured
"""What was taken of a value: its UTF-8 JSON where it is of plain built-ins and not large, else a copy. Not yet redacted.

Plain `bytes`: of whatever has a class of its own, a queue of thousands keeps the garbage collector busy.
"""


def size_of(taken: Taken) -> int:
    """Bytes, for the queue's bound."""
    return len(taken) if type(taken) is bytes else taken.size_bytes  # type: ignore[union-attr]  # Captured


def value_of(taken: Taken) -> Any:
    """The value as built-ins, read each time where it is JSON."""
    return orjson.loads(taken) if type(taken) is bytes else taken.value  # type: ignore[union-attr]  # as above


def is_cut(taken: Taken) -> bool:
    """Whether a part of the value is lost."""
    return type(taken) is not bytes and taken.is_truncated  # type: ignore[union-attr]  # as above


@dataclass(slots=True)
class Payload:
    """A captured value after redaction and the cap: valid JSON, safe to keep. Never changed once it is made."""

    text: str
    """Redacted JSON, at most the inline cap; a shortened but still valid document where the whole is a blob."""
    size_bytes: int
    """Of the whole redacted document."""
    redactions: Mapping[str, int] = field(default_factory=lambda: NO_RULES)
    """Rule → matches replaced."""
    is_truncated: bool = False
    blob_sha256: str | None = None
    blob: bytes | None = None
    """The whole redacted document, UTF-8, when it is over the inline cap; None once the store has it."""


Kept = bytes | Payload
"""What is kept of a value: its JSON, as it was taken, where that is whole and nothing had to be redacted; else a payload."""


def open_kept(kept: Kept | None) -> Payload | None:
    """Return it as a payload."""
    return Payload(kept.decode(), len(kept)) if type(kept) is bytes else kept  # type: ignore[return-value]  # a payload
