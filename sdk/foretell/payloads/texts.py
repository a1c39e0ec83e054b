"""The free text of a call beside its contents: error, events, attributes, links, tags, request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from foretell.model.facts import InferenceFacts, ToolFacts
from foretell.privacy.matching import FAILED
from foretell.privacy.text import draft_json, encode_text

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.payloads.refine import RefineCounts
    from foretell.privacy.redactor import Redactor

    Rewrite = Callable[[Call, Redactor, RefineCounts], None]


class FreeText:
    """One place of one call that holds text, as it is searched, and how it is redacted in place."""

    __slots__ = ("_call", "_rewrite", "document")

    def __init__(self, call: Call, rewrite: Rewrite, document: bytes) -> None:
        """Note the place."""
        self._call = call
        self._rewrite = rewrite
        self.document = document

    def redact(self, redactor: Redactor, counts: RefineCounts) -> None:
        """Replace the text in the call by what may be kept of it."""
        self._rewrite(self._call, redactor, counts)


def list_texts(calls: Sequence[Call], redactor: Redactor) -> list[FreeText]:
    """Return all free text of the calls, and redact their names at once, since names are few and come again."""
    texts: list[FreeText] = []
    for call in calls:
        call.name = redactor.redact_name(call.name)
        if call.agent_name is not None:
            call.agent_name = redactor.redact_name(call.agent_name)
        if call.title is not None:
            call.title = redactor.redact_name(call.title)
        if call.attributes:
            texts.append(FreeText(call, _redact_attributes, draft_json(call.attributes)))
        if call.events:
            texts.append(FreeText(call, _redact_events, draft_json([event.fields for event in call.events])))
        if call.error is not None:
            texts.append(FreeText(call, _redact_error, encode_text(f"{call.error.message}\n{call.error.stacktrace}")))
        if call.links:
            texts.append(FreeText(call, _redact_links, draft_json([link.fields for link in call.links])))
        if call.session is not None and call.session.tags:
            texts.append(FreeText(call, _redact_tags, draft_json(dict(call.session.tags))))
        facts = call.facts
        if type(facts) is InferenceFacts:
            if facts.request:
                texts.append(FreeText(call, _redact_request, draft_json(facts.request)))
        elif type(facts) is ToolFacts and facts.description:
            facts.description = redactor.redact_name(facts.description)
    return texts


def remove_text(call: Call) -> None:
    """Take all text off a call that could not be redacted; its name, too, may be anything."""
    call.input = call.output = call.input_payload = call.output_payload = None
    call.attributes = call.events = call.links = None
    call.name = call.agent_name = FAILED
    call.title = None
    if call.error is not None:
        call.error = replace(call.error, message=FAILED, stacktrace="")
    if call.session is not None:
        call.session = replace(call.session, tags=())
    if type(call.facts) is InferenceFacts:
        call.facts.request = None
    elif type(call.facts) is ToolFacts:
        call.facts.description = None


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
        replace(event, fields=_redact_mapping(event.fields, redactor, counts)) for event in call.events or ()
    ]


def _redact_links(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    call.links = [replace(link, fields=_redact_mapping(link.fields, redactor, counts)) for link in call.links or ()]


def _redact_error(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    if call.error is not None:
        message = str(_redact(call.error.message, redactor, counts))
        call.error = replace(
            call.error, message=message, stacktrace=str(_redact(call.error.stacktrace, redactor, counts))
        )


def _redact_tags(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    # The session is shared with calls that are still open: this call gets one of its own.
    if call.session is not None:
        tags = _redact_mapping(dict(call.session.tags), redactor, counts)
        call.session = replace(call.session, tags=tuple(tags.items()))


def _redact_request(call: Call, redactor: Redactor, counts: RefineCounts) -> None:
    if type(call.facts) is InferenceFacts and call.facts.request:
        call.facts.request = _redact_mapping(call.facts.request, redactor, counts)
