"""Redacts names: what comes again and again, stands in labels and titles, and may be made at run time all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foretell.model.facts import InferenceFacts, MemoryFacts, RetrievalFacts, ToolFacts
from foretell.privacy.matching import FAILED

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.privacy.redactor import Redactor

NAME_CHARS = 1_024
"""Longest name: one that is made of a prompt must not become a label."""
_NAMES: dict[type, tuple[str, ...]] = {
    InferenceFacts: (
        "provider", "operation", "request_model", "response_model", "finish_reasons", "output_type", "server_address",
        "service_tier", "system_fingerprint", "api_type",
    ),
    ToolFacts: ("type", "description"),
    RetrievalFacts: ("data_source_id", "provider"),
    MemoryFacts: ("operation", "store_id", "provider"),
}  # fmt: skip
_GET: dict[type, Callable[[Any], tuple[Any, ...]]] = {kind: attrgetter(*names) for kind, names in _NAMES.items()}


def redact_names(call: Call, redactor: Redactor) -> None:
    """Replace in every name of a call what must not be kept."""
    facts = call.facts
    names: tuple[str | None, ...] = (call.name, call.agent_name, call.version)
    if call.rare is not None:
        names += (call.title,)
    values = () if facts is None else _GET[type(facts)](facts)
    # Asked for all at once: a program knows few names, and the answer is nearly always yes.
    if call.error is None and redactor.are_clean(names + values, NAME_CHARS):
        return
    name = call.name
    call.name = redactor.redact_name(name if len(name) <= NAME_CHARS else name[:NAME_CHARS])
    if call.agent_name is not None:
        call.agent_name = redactor.redact_name(call.agent_name[:NAME_CHARS])
    if call.title is not None:
        call.title = redactor.redact_name(call.title[:NAME_CHARS])
    if call.version is not None:
        call.version = redactor.redact_name(call.version[:NAME_CHARS])
    if call.error is not None and redactor.redact_name(call.error.type) != call.error.type:
        call.error = replace(call.error, type=redactor.redact_name(call.error.type))
    if facts is not None and not redactor.are_clean(values, NAME_CHARS):
        for name, value in zip(_NAMES[type(facts)], values, strict=True):
            setattr(facts, name, _redact(value, redactor))


def remove_names(call: Call) -> None:
    """Take every name off a call that could not be redacted; the type of an error stays, a class was named for readers."""
    call.name = call.agent_name = FAILED
    call.title = call.version = None
    facts = call.facts
    if facts is not None:
        for name in _NAMES[type(facts)]:
            value = getattr(facts, name)
            setattr(facts, name, FAILED if type(value) is str else () if type(value) is tuple else None)


def _redact(value: Any, redactor: Redactor) -> Any:  # Any: text, several of them, or None
    if type(value) is str:
        return redactor.redact_name(value[:NAME_CHARS])
    if type(value) in (tuple, list):
        return tuple(_redact(item, redactor) for item in value)
    return value
