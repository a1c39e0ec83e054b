"""The free text of a call beside its contents: error, events, attributes, links, session, request, ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from foretell.model.facts import InferenceFacts, MemoryFacts, Session, ToolFacts
from foretell.payloads.names import redact_names, remove_names
from foretell.privacy.matching import FAILED
from foretell.privacy.text import draft_json, encode_text

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.payloads.refine import RefineCounts
    from foretell.privacy.redactor import Redactor

    Rewrite = Callable[[Any, Redactor, RefineCounts], None]


class FreeText:
    """One place that holds text, as it is searched, and how it is redacted in place."""

    __slots__ = ("_owner", "_rewrite", "document")

    def __init__(self, owner: Any, rewrite: Rewrite, document: bytes) -> None:
        """Note the place: in a call, or in all calls of one session."""
        self._owner = owner
        self._rewrite = rewrite
        self.document = document

    def redact(self, redactor: Redactor, counts: RefineCounts) -> None:
        """Replace the text there by what may be kept of it."""
        self._rewrite(self._owner, redactor, counts)


def list_texts(calls: Sequence[Call], redactor: Redactor, hash_key: bytes = b"") -> list[FreeText]:
    """Return all free text of the calls, and redact their names at once, since names are few and come again."""
    texts: list[FreeText] = []
    sessions: dict[int, list[Call]] = {}
    for call in calls:
        redact_names(call, redactor)
        if call.rare is not None:
            texts += _list_rare(call)
        if call.error is not None:
            texts.append(FreeText(call, _redact_error, encode_text(f"{call.error.message}\n{call.error.stacktrace}")))
        if call.session is not None:
            sessions.setdefault(id(call.session), []).append(call)
        facts = call.facts
        if type(facts) is InferenceFacts:
            if facts.request:
                texts.append(FreeText(call, _redact_request, draft_json([facts.response_id, facts.request])))
            elif facts.response_id:
                texts.append(FreeText(call, _redact_request, encode_text(facts.response_id)))
        elif type(facts) is ToolFacts and facts.call_id:
            texts.append(FreeText(facts, _redact_call_id, encode_text(str(facts.call_id))))
        elif type(facts) is MemoryFacts and facts.record_id:
            texts.append(FreeText(facts, _redact_record_id, encode_text(str(facts.record_id))))
    texts += [_text_of_session(group, hash_key) for group in sessions.values()]
    return texts


def _list_rare(call: Call) -> Iterator[FreeText]:
    if call.attributes:
        yield FreeText(call, _redact_attributes, draft_json(call.attributes))
    if call.events:
        document = draft_json([part for event in call.events for part in (event.name, event.fields)])
        yield FreeText(call, _redact_events, document)
    if call.links:
        yield FreeText(call, _redact_links, draft_json([link.fields for link in call.links]))


def redact_session(session: Session, redactor: Redactor, counts: RefineCounts, hash_key: bytes) -> Session:
    """Return what may be kept of a session. Ids that must go are still told apart, by a keyed hash behind what is left."""
    tags = _redact_mapping(dict(session.tags), redactor, counts) if session.tags else {}
    return Session(
        _redact_id(session.id, redactor, hash_key),
        _redact_id(session.user_id, redactor, hash_key),
        _redact_id(session.conversation_id, redactor, hash_key),
        tuple(tags.items()),
    )


def _redact_id(text: Any, redactor: Redactor, hash_key: bytes) -> Any:  # Any: what the program calls its session
    if type(text) is not str:
        return text
    kept = redactor.redact_text(text)[0]
    if kept == text:
        return text
    return f"{kept}#{blake2b(encode_text(text), key=hash_key, digest_size=4).hexdigest()}"


def _text_of_session(calls: list[Call], hash_key: bytes) -> FreeText:
    session = calls[0].session
    assert session is not None

    def redact(calls: Sequence[Call], redactor: Redactor, counts: RefineCounts) -> None:
        # The session is shared with calls that are still open: these calls get one of their own.
        redacted = redact_session(session, redactor, counts, hash_key)
        for call in calls:
            call.session = redacted

    parts = [session.id, session.user_id, session.conversation_id, *(dict([tag]) for tag in session.tags)]
    return FreeText(calls, redact, draft_json(parts))


def remove_text(call: Call) -> None:
    """Take all text off a call that could not be redacted; its name, too, may be anything."""
    call.input = call.output = call.kept_input = call.kept_output = None
    call.attributes = call.events = call.links = call.session = None
    remove_names(call)
    if call.error is not None:
        call.error = replace(call.error, message=FAILED, stacktrace="")
    if type(call.facts) is InferenceFacts:
        call.facts.request = call.facts.response_id = None
    elif type(call.facts) is ToolFacts:
        call.facts.call_id = None
    elif type(call.facts) is MemoryFacts:
        call.facts.record_id = None


def _redact(value: Any, redactor: Redactor, counts: RefineCounts) -> Any:  # Any: JSON-like
    redacted = redactor.redact_value(value)
    counts.add(redacted.counts, redacted.failures)
    return redacted.value


def _redact_mapping(value: dict[str, Any], redactor: Redactor, counts: RefineCounts) -> dict[str, Any]:
    kept = _redact(value, redactor, counts)
    return kept if type(kept) is dict else {"redacted": kept}


def _redact_attributes(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    call.attributes = _redact_mapping(call.attributes or {}, redactor, counts)


def _redact_events(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    call.events = [
        replace(
            event,
            name=str(_redact(event.name, redactor, counts)),
            fields=_redact_mapping(event.fields, redactor, counts),
        )
        for event in call.events or ()
    ]


def _redact_links(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    call.links = [replace(link, fields=_redact_mapping(link.fields, redactor, counts)) for link in call.links or ()]


def _redact_error(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    if call.error is not None:
        message = str(_redact(call.error.message, redactor, counts))
        call.error = replace(
            call.error, message=message, stacktrace=str(_redact(call.error.stacktrace, redactor, counts))
        )


def _redact_request(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    facts = call.facts
    if type(facts) is InferenceFacts:
        if facts.request:
            facts.request = _redact_mapping(facts.request, redactor, counts)
        if facts.response_id:
            facts.response_id = str(_redact(facts.response_id, redactor, counts))


def _redact_call_id(facts: ToolFacts, redactor: Redactor, counts: RefineCounts) -> None:
    facts.call_id = str(_redact(str(facts.call_id), redactor, counts))


def _redact_record_id(facts: MemoryFacts, redactor: Redactor, counts: RefineCounts) -> None:
    facts.record_id = str(_redact(str(facts.record_id), redactor, counts))
