"""Content of a call: what went in and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NO_RULES: Mapping[str, int] = MappingProxyType({})


# Not frozen, as little as the other values of which every call makes some: freezing triples what making one costs.
@dataclass(slots=True)
class Captured:
    """A value as it was at one moment: built-ins only, nothing the program can still change.

    Made on the caller's thread, not yet redacted, never leaves the process.
    """

    value: Any  # any JSON-like structure of built-ins
    size_bytes: int
    """A cheap estimate, for the queue's bound."""
    is_truncated: bool = False
    is_stream: bool = False
    """True for the list of a stream's chunks: a text may go on from one to the next."""


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
