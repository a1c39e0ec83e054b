"""Contents that other instrumentors put on their spans: moved where privacy rules and caps hold for them too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from foretell.cost.estimating import estimate_stream
from foretell.model.kinds import TOOL
from foretell.model.payload import Captured, Payload
from foretell.semconv import genai
from foretell.semconv.inward.dialects import INDEXED, ROWS
from foretell.semconv.messages.parts import parse

if TYPE_CHECKING:
    from foretell.instrument.runtime import Capture
    from foretell.model.call import Call

_INPUTS = frozenset(
    (
        genai.INPUT_MESSAGES,
        genai.SYSTEM_INSTRUCTIONS,
        genai.TOOL_DEFINITIONS,
        genai.TOOL_ARGUMENTS,
        genai.RETRIEVAL_QUERY,
        genai.MEMORY_QUERY,
    )
)
_OUTPUTS = frozenset((genai.OUTPUT_MESSAGES, genai.TOOL_RESULT, genai.RETRIEVAL_DOCUMENTS, genai.MEMORY_RECORDS))


def _with_dialects(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names) | {row.old for row in ROWS if row.new in names and "." in row.old}


INPUTS, OUTPUTS = _with_dialects(_INPUTS), _with_dialects(_OUTPUTS)
"""Attributes that carry contents, by today's names and by other people's."""
_SPREAD = tuple(INDEXED)
_FURTHER = frozenset(("model_request_parameters", "gen_ai.event.content", "event_body"))
_EVENT_FIELDS = INPUTS | OUTPUTS | {"content", "message", "tool_calls", "gen_ai.event.content", "event_body", "body"}


def is_content(key: str) -> bool:
    """Whether an attribute of that name carries prompts, arguments or results, by today's name or another's."""
    if key in INPUTS or key in OUTPUTS or key in _FURTHER:
        return True
    return key.startswith(_SPREAD) and any(part.isdecimal() for part in key.split("."))


def take_contents(call: Call, capture: Capture) -> None:
    """Make everything that is content of a foreign call its captured input and output, to be refined like our own."""
    call.content_exported = capture.is_exported
    given, returned = call.input_payload, call.output_payload
    call.input_payload = call.output_payload = None
    call.input = _captured(given) or _take(call, INPUTS)
    call.output = _captured(returned) or _take(call, OUTPUTS)
    estimate_stream(call)
    if not capture.inputs and call.kind is not TOOL:
        call.input = None
    if not capture.outputs:
        call.output = None
    if call.events and not capture.is_exported:
        call.events = [
            replace(event, fields={key: value for key, value in event.fields.items() if key not in _EVENT_FIELDS})
            if event.name.startswith("gen_ai.")
            else event
            for event in call.events
        ]


def _captured(payload: Payload | None) -> Captured | None:
    if payload is None:
        return None
    return Captured(parse(payload.text), len(payload.text), payload.is_truncated)


def _take(call: Call, names: frozenset[str]) -> Captured | None:
    """Take the content attributes off the call; of several, the record keeps all by their names."""
    attributes = call.attributes
    found = names & attributes.keys() if attributes else None
    if not attributes or not found:
        return None
    taken: dict[str, Any] = {name: attributes.pop(name) for name in sorted(found)}
    call.attributes = attributes or None
    value = (
        parse(next(iter(taken.values()))) if len(taken) == 1 else {name: parse(text) for name, text in taken.items()}
    )
    return Captured(value, sum(len(text) if isinstance(text, str) else 64 for text in taken.values()))
