"""A captured value as it may be kept: redacted JSON under a cap, the whole of it as a blob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.model.payload import NO_RULES, Payload, is_cut, value_of
from foretell.payloads.shorten import shorten
from foretell.privacy.text import write_json

if TYPE_CHECKING:
    from foretell.model.payload import Taken
    from foretell.privacy.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one input or output is kept."""

    inline_bytes: int = 16 * 1024
    """Of the document that stands in the call's own row."""
    blob_bytes: int = 10 * 2**20
    """Of the whole document, kept beside it when it is longer."""
    keeps_contents: bool = True
    """False with `content="none"`: inputs give an identity, and nothing of them is kept."""


DEFAULT_LIMITS = Limits()


def make_payload(
    captured: Taken,
    redactor: Redactor,
    inline_limit: int = DEFAULT_LIMITS.inline_bytes,
    blob_limit: int = DEFAULT_LIMITS.blob_bytes,
) -> Payload:
    """Return what may be kept of a captured value. Many at once are cheaper by `refine_contents`."""
    redacted = redactor.redact_values([value_of(captured)])[0]
    document = write_json(redacted.value)
    return cap_document(document, redacted.value, is_cut(captured), redacted.counts, inline_limit, blob_limit)


def cap_document(
    document: bytes,
    value: Any,  # JSON-like
    is_truncated: bool,
    counts: Mapping[str, int] = NO_RULES,
    inline_limit: int = DEFAULT_LIMITS.inline_bytes,
    blob_limit: int = DEFAULT_LIMITS.blob_bytes,
) -> Payload:
    """Return a payload of a redacted document and the value that it was written from."""
    size = len(document)
    if size <= inline_limit:
        return Payload(document.decode(), size, counts, is_truncated)
    import hashlib

    if size > blob_limit:
        document = shorten(value, blob_limit)
        is_truncated = True
    sha256 = hashlib.sha256(document).hexdigest()
    return Payload(shorten(value, inline_limit).decode(), size, counts, is_truncated, sha256, document)
