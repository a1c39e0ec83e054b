"""Checks telemetry that was emitted, as plain data, against the tables: an empty list means that it conforms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.semconv import genai, legacy, own
from foretell.semconv.messages.parts import parse
from foretell.semconv.metrics import ALL as METRICS
from foretell.semconv.spans import ALL as SPANS
from foretell.semconv.spans import EMBEDDINGS, EVENTS, EVERYWHERE, INFERENCE, find_shape
from foretell.semconv.table import Attribute, Level, SpanShape, ValueType

STATUS_OK, STATUS_ERROR = 1, 2
_GOVERNED = ("gen_ai.", "openai.", "mcp.", "aws.bedrock.")
_KNOWN: dict[str, Attribute] = {
    attribute.name: attribute for table in (SPANS, EVENTS, METRICS) for row in table for attribute in row.attributes
}
_OWN = {attribute.name: attribute for attribute in own.ATTRIBUTES}
_COSTS = {own.COST_AMOUNT, own.COST_CURRENCY, own.COST_SOURCE, own.COST_PRICE_DATE, own.USAGE_ESTIMATED}
_ONLY_TRUE = (genai.CONVERSATION_COMPACTED, genai.REQUEST_STREAM, own.USAGE_ESTIMATED)
_MESSAGES = (genai.INPUT_MESSAGES, genai.OUTPUT_MESSAGES)
_PARTS: dict[str, tuple[str, ...]] = {
    "text": ("content",),
    "reasoning": ("content",),
    "tool_call": ("name",),
    "tool_call_response": ("response",),
    "server_tool_call": ("name", "server_tool_call"),
    "server_tool_call_response": ("server_tool_call_response",),
    "blob": ("modality", "content"),
    "file": ("modality", "file_id"),
    "uri": ("modality", "uri"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as the tables say."""

    rule: str
    """Which rule, in a word or two, for tests and sums."""
    detail: str
    """What was found where, for people."""


Found = Iterable[Violation]


def check_span(
    *, name: str, kind: str, attributes: Mapping[str, Any], status: int = 0, may_have_content: bool = False
) -> list[Violation]:
    """Check one span of ours; spans of no row (steps) may only carry what stands on every span."""
    shape = find_shape(dict(attributes), kind)
    found = [*_check_values(attributes), *_check_own(attributes, shape)]
    if status == STATUS_OK:
        found.append(Violation("status", f"{name}: OK must not be set"))
    if status == STATUS_ERROR and genai.ERROR_TYPE not in attributes:
        found.append(Violation("required", f"{name}: failed without {genai.ERROR_TYPE}"))
    if shape is None:
        found += [violation for attribute in attributes for violation in _check_unlisted(name, attribute)]
    else:
        found += _check_shape(shape, name, kind, attributes, may_have_content)
    return found


def check_metric(
    *,
    name: str,
    kind: str,
    unit: str,
    buckets: Iterable[float] | None = None,
    points: Iterable[Mapping[str, Any]] = (),
    is_legacy: bool = False,
) -> list[Violation]:
    """Check one metric with the attributes of its points. `is_legacy` admits the older names too."""
    rows = [row for row in (*METRICS, *(legacy.METRICS if is_legacy else ())) if row.name == name]
    if not rows:
        return [Violation("unknown name", f"metric {name}")]
    row = rows[0]
    found = []
    if kind != row.kind:
        found.append(Violation("kind", f"{name}: {kind}, not {row.kind}"))
    if unit != row.unit:
        found.append(Violation("unit", f"{name}: {unit!r}, not {row.unit!r}"))
    if (None if buckets is None else tuple(buckets)) != row.buckets:
        found.append(Violation("buckets", f"{name}: {buckets}"))
    allowed = {attribute.name: attribute for each in rows for attribute in each.attributes}
    required = [attribute for attribute in row.attributes if attribute.level is Level.REQUIRED]
    for point in points:
        found += _check_required(name, required, point)
        found += [Violation("label", f"{name}: {label}") for label in point if label not in allowed]
        found += [
            Violation("type", f"{name}: {label} is {value!r}")
            for label, value in point.items()
            if label in allowed and not _fits(value, allowed[label].type)
        ]
    return found


def check_event(*, name: str, severity_number: int, attributes: Mapping[str, Any]) -> list[Violation]:
    """Check one log record that has an event name."""
    row = next((event for event in (*EVENTS, *own.EVENTS) if event.name == name), None)
    if row is None:
        return [Violation("unknown name", f"event {name}")]
    found = list(_check_values(attributes))
    if row.severity_number is not None and severity_number != row.severity_number:
        found.append(Violation("severity", f"{name}: {severity_number}, not {row.severity_number}"))
    found += _check_required(name, [item for item in row.attributes if item.level is Level.REQUIRED], attributes)
    if row.any_of and not any(attribute in attributes for attribute in row.any_of):
        found.append(Violation("required", f"{name}: one of {', '.join(row.any_of)}"))
    return found


def render_name(template: str, attributes: Mapping[str, Any]) -> str:
    """Return the span name that a template gives; a bracket whose attribute is unset is left out."""
    target = attributes.get(genai.TOOL_NAME, attributes.get("gen_ai.prompt.name"))
    values = {**attributes, **({} if target is None else {"target": target})}

    def fill(text: str) -> str:
        return re.sub(r"\{([^}]+)\}", lambda match: str(values.get(match[1], "")), text)

    def choose(match: re.Match[str]) -> str:
        names = re.findall(r"\{([^}]+)\}", match[1])
        return match[1] if all(values.get(name) for name in names) else ""

    return fill(re.sub(r"\[([^\]]*)\]", choose, template))


def check_messages(messages: Any) -> list[Violation]:  # parsed JSON
    """Check a list of messages against the conventions' schema."""
    if not isinstance(messages, list):
        return [Violation("schema", f"messages are {type(messages).__name__}")]
    found = []
    for message in messages:
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            found.append(Violation("schema", f"no role: {message!r}"))
        elif not isinstance(message.get("parts"), list):
            found.append(Violation("schema", f"no parts: {message!r}"))
        else:
            found += [violation for part in message["parts"] for violation in _check_part(part)]
    return found


def _check_part(part: Any) -> Found:  # parsed JSON
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        return [Violation("schema", f"part without type: {part!r}")]
    missing = [key for key in _PARTS.get(kind, ()) if key not in part]
    found = [Violation("schema", f"part {kind} without {key}") for key in missing]
    if kind == "uri" and str(part.get("uri", "")).startswith("data:"):
        found.append(Violation("schema", "a data: URL is a blob, not a uri"))
    return found


def _check_shape(
    shape: SpanShape, name: str, kind: str, attributes: Mapping[str, Any], may_have_content: bool
) -> list[Violation]:
    found = []
    if kind not in shape.kinds:
        found.append(Violation("kind", f"{name}: {kind}, not {' or '.join(shape.kinds)}"))
    if name != (expected := render_name(shape.name, attributes)):
        found.append(Violation("name", f"{name!r}, not {expected!r}"))
    found += _check_required(name, [item for item in shape.attributes if item.level is Level.REQUIRED], attributes)
    has_port_row = any(item.name == genai.SERVER_PORT for item in shape.attributes)
    if has_port_row and genai.SERVER_ADDRESS in attributes and genai.SERVER_PORT not in attributes:
        found.append(Violation("required", f"{name}: {genai.SERVER_PORT}, as the address is set"))
    listed = {item.name: item for item in shape.attributes}
    for attribute in attributes:
        if attribute in shape.forbidden:
            found.append(Violation("forbidden", f"{name}: {attribute}"))
        elif attribute not in listed and not attribute.startswith(shape.prefixes):
            found += _check_unlisted(name, attribute)
        elif not may_have_content and attribute in listed and listed[attribute].level is Level.OPT_IN:
            found.append(Violation("content", f"{name}: {attribute}"))
    return found


def _check_unlisted(name: str, attribute: str) -> Found:
    """An attribute that is in no row of this span: fine where the conventions do not rule its name."""
    if attribute.startswith(_GOVERNED) and attribute not in EVERYWHERE:
        yield Violation("misplaced" if attribute in _KNOWN else "unknown name", f"{name}: {attribute}")


def _check_own(attributes: Mapping[str, Any], shape: SpanShape | None) -> Found:
    """Check what is ours: nothing unlisted, and money on inferences only, so that no sum counts it twice."""
    if own.RUN_ID not in attributes:
        yield Violation("required", own.RUN_ID)
    for name in attributes:
        if name.startswith("foretell.") and name not in _OWN:
            yield Violation("unknown name", name)
        if name in _COSTS and shape not in (INFERENCE, EMBEDDINGS):
            yield Violation("misplaced", f"{name} on {shape.id if shape else 'a step'}")
    if own.COST_AMOUNT in attributes and (own.COST_SOURCE not in attributes or own.COST_CURRENCY not in attributes):
        yield Violation("required", f"{own.COST_SOURCE} and {own.COST_CURRENCY}, with the amount")


def _check_required(name: str, required: Iterable[Attribute], attributes: Mapping[str, Any]) -> Found:
    return [Violation("required", f"{name}: {item.name}") for item in required if item.name not in attributes]


def _check_values(attributes: Mapping[str, Any]) -> Found:
    for name, value in attributes.items():
        row = _OWN.get(name) or _KNOWN.get(name)
        if row is not None and not _fits(value, row.type):
            yield Violation("type", f"{name} is {value!r}, not {row.type}")
        if name in _ONLY_TRUE and value is not True:
            yield Violation("value", f"{name} is only ever true")
        if name == genai.REQUEST_CHOICE_COUNT and value == 1:
            yield Violation("value", f"{name} is only said when it is not 1")
        if name in _MESSAGES:
            yield from check_messages(parse(value))


def _fits(value: Any, type: ValueType) -> bool:
    if type == "structured":
        return not isinstance(value, str) or not isinstance(parse(value), str) or value.startswith('"')
    if type == "string[]":
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    if isinstance(value, bool) or type == "bool":
        return isinstance(value, bool) and type == "bool"
    return isinstance(value, {"string": str, "int": int, "double": float}[type])
