"""Content of a call: what went in and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

NO_RULES: Mapping[str, int] = MappingProxyType({})


class Captured:
    """A value as it was at one moment: nothing of it is shared that the program can still change.

    Made on the caller's thread, not yet redacted, never leaves the process. Plain values are held as JSON, which is
    one object however deep they are: a copy of each container would be work for the garbage collector too.
    """

    __slots__ = ("_value", "document", "is_stream", "is_truncated", "size_bytes")

    document: bytes | None
    """The value as UTF-8 JSON; None where it is held as built-ins."""
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
        document: bytes | None = None,
    ) -> None:
        """Hold a copy that nobody else has; `value` is ignored where a `document` is given."""
        self._value = value
        self.size_bytes = size_bytes
        self.is_truncated = is_truncated
        self.is_stream = is_stream
        self.document = document

    @property
    def value(self) -> Any:
        """The value as built-ins, read from its document each time."""
        return self._value if self.document is None else orjson.loads(self.document)


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
