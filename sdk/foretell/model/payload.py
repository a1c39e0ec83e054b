"""Content of a call: what went in and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

NO_RULES: Mapping[str, int] = MappingProxyType({})


class Document(bytes):
    """A value as it was at one moment, as UTF-8 JSON: whole, not yet redacted, never leaves the process.

    One object however deep the value is, and none that the garbage collector looks at: a queue holds thousands of them.
    """

    __slots__ = ()

    is_truncated = is_stream = False

    @property
    def size_bytes(self) -> int:
        """For the queue's bound."""
        return len(self)

    @property
    def document(self) -> bytes:
        """The JSON itself."""
        return self

    @property
    def value(self) -> Any:
        """The value as built-ins, read each time."""
        return orjson.loads(memoryview(self))  # which takes no subclass of bytes


class Captured:
    """A value as it was at one moment, as built-ins: nothing of it is shared that the program can still change.

    Made on the caller's thread, not yet redacted, never leaves the process.
    """

    __slots__ = ("is_stream", "is_truncated", "size_bytes", "value")

    document: None = None
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


Taken = Document | Captured
"""What was taken of a value: JSON where it is of plain built-ins and not large, else a copy."""


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
