"""Refines the contents of a batch of calls in the worker: one search over all their text, then payloads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from foretell.model.payload import NO_RULES, Payload, is_cut, value_of
from foretell.payloads.payload import DEFAULT_LIMITS, Limits, cap_document
from foretell.payloads.texts import list_texts, remove_text
from foretell.privacy.text import draft_json, encode_text, write_json

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.payload import Taken
    from foretell.privacy.redactor import Redactor

# hashlib lets go of the GIL above 2047 bytes, and a busy caller keeps it for 5 ms then.
_HASH_STEP = 2047
_HASH_STEPS_UP_TO = 64 * 1024
_LIST = b"["[0]


@dataclass(slots=True)
class RefineCounts:
    """What was done to a batch."""

    redactions: dict[str, int] = field(default_factory=dict)
    """Rule → matches replaced."""
    truncated: int = 0
    """Contents of which a part is lost."""
    failures: int = 0
    """Rules or functions of the user's own that failed; what they failed on is gone."""

    def add(self, counts: Mapping[str, int], failures: int = 0) -> None:
        """Add what was done to one text or value."""
        self.failures += failures
        for rule, count in counts.items():
            self.redactions[rule] = self.redactions.get(rule, 0) + count


def refine_contents(
    calls: Sequence[Call], redactor: Redactor, limits: Limits = DEFAULT_LIMITS, hash_key: bytes = b""
) -> RefineCounts:
    """Fill identities and payloads, clear what was captured, and redact every other text of the calls in place.

    `hash_key` (16 to 64 bytes) is the store's secret: equal calls have equal identities under one key. Where this raises,
    the calls of the batch have lost all their text.
    """
    try:
        return _refine(calls, redactor, limits, hash_key)
    except BaseException:
        # Whoever goes on with the batch all the same must not find a secret in it.
        for call in calls:
            remove_text(call)
        raise


def _refine(calls: Sequence[Call], redactor: Redactor, limits: Limits, hash_key: bytes) -> RefineCounts:
    counts = RefineCounts()
    contents = _take_contents(calls, limits, hash_key)
    count = len(contents.documents)
    texts = list_texts(calls, redactor, hash_key)
    documents = contents.documents + [text.document for text in texts]
    owners = _add_seams(contents, documents, redactor)
    suspects = {owners.get(place, place) for place in redactor.find_suspects(documents)}
    for place in sorted(contents.unusual.keys() | {place for place in suspects if place < count}):
        document = documents[place]
        captured = contents.unusual.get(place, document)
        if place in suspects:
            payload = _redact_content(captured, redactor, limits, counts)
        elif len(document) > limits.inline_bytes:
            payload = _cap(document, value_of(captured), captured, NO_RULES, limits)
        else:
            payload = Payload(document.decode(), len(document), NO_RULES, is_cut(captured))
        if payload.is_truncated:
            counts.truncated += 1
        setattr(contents.calls[place], contents.slots[place], payload)
    for place, text in enumerate(texts, count):
        if place in suspects:
            text.redact(redactor, counts)
    return counts


class _Contents:
    """What was captured of a batch, in lists: a tuple for each would have the garbage collector look through them."""

    __slots__ = ("_inline_bytes", "calls", "documents", "slots", "unusual")

    def __init__(self, inline_bytes: int) -> None:
        self.calls: list[Call] = []
        self.slots: list[str] = []
        """Where its content belongs."""
        self.documents: list[bytes] = []
        self.unusual: dict[int, Taken] = {}
        """Place → what becomes a payload though nothing in it is suspected; the others are kept as they are."""
        self._inline_bytes = inline_bytes

    def add(self, call: Call, slot: str, captured: Taken, document: bytes) -> None:
        if document is captured and len(document) <= self._inline_bytes:
            setattr(call, slot, document)
        else:
            self.unusual[len(self.documents)] = captured
        self.calls.append(call)
        self.slots.append(slot)
        self.documents.append(document)


def _take_contents(calls: Sequence[Call], limits: Limits, hash_key: bytes) -> _Contents:
    """Take what was captured off the calls and write it as JSON; give each call with an input its identity."""
    contents = _Contents(limits.inline_bytes)
    named: dict[str, Any] = {}  # the calls of a batch have few names
    for call in calls:
        captured = call.input
        if captured is not None:
            call.input = None
            document = captured if type(captured) is bytes else draft_json(value_of(captured), is_sorted=True)
            begun = named.get(call.name)
            if begun is None:
                # Processors have instructions for it: BLAKE2 takes half as long again.
                begun = named[call.name] = hashlib.sha256(hash_key + encode_text(call.name) + b"\0")
            call.identity = _hash(begun.copy(), document)
            if limits.keeps_contents:
                contents.add(call, "kept_input", captured, document)
        captured = call.output
        if captured is not None:
            call.output = None
            if limits.keeps_contents:
                document = captured if type(captured) is bytes else draft_json(value_of(captured))
                contents.add(call, "kept_output", captured, document)
    return contents


def _hash(begun: Any, document: bytes) -> str:
    """Return the hash of what was begun with, key and name, and the JSON, with sorted keys, of an unredacted input.

    128 bits of SHA-256: of a hash that is cut nobody can go on from its end, so a key in front of all is as good as HMAC.
    """
    if _HASH_STEP < len(document) <= _HASH_STEPS_UP_TO:
        for start in range(0, len(document), _HASH_STEP):
            begun.update(document[start : start + _HASH_STEP])
    else:
        begun.update(document)
    return begun.hexdigest()[:32]  # type: ignore[no-any-return]  # a hash of hashlib's


def _add_seams(contents: _Contents, documents: list[bytes], redactor: Redactor) -> dict[int, int]:
    """Add the joined texts of streams' chunks to what is searched. Returns place of the text → place of the content."""
    owners: dict[int, int] = {}
    for place in [place for place, document in enumerate(contents.documents) if document[0] == _LIST]:
        captured = contents.unusual.get(place, contents.documents[place])
        for text in redactor.join_seams(value_of(captured), is_stream=_is_stream(captured)):
            owners[len(documents)] = place
            documents.append(encode_text(text))
    return owners


def _redact_content(captured: Taken, redactor: Redactor, limits: Limits, counts: RefineCounts) -> Payload:
    redacted = redactor.redact_value(value_of(captured), is_stream=_is_stream(captured))
    counts.add(redacted.counts, redacted.failures)
    return _cap(write_json(redacted.value), redacted.value, captured, redacted.counts, limits)


def _is_stream(captured: Taken) -> bool:
    return type(captured) is not bytes and captured.is_stream  # type: ignore[union-attr]  # Captured


def _cap(
    document: bytes,
    value: Any,  # JSON-like
    captured: Taken,
    redactions: Mapping[str, int],
    limits: Limits,
) -> Payload:
    return cap_document(document, value, is_cut(captured), redactions, limits.inline_bytes, limits.blob_bytes)
