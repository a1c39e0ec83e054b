"""Reads spans of other instrumentations: their attributes, under today's names.

The names stand in `dialects`; here is only what a table cannot say: JSON values and lists spread over attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from foretell.semconv import genai, own
from foretell.semconv.inward.dialects import INDEXED, KINDS, OPERATIONS, PROVIDERS, ROWS, Dialect, Row
from foretell.semconv.messages.parts import dumps, parse
from foretell.semconv.messages.requests import add_request, to_float, to_int, to_strings, to_text
from foretell.semconv.messages.schema import read_request, read_response, read_tools

Attributes = dict[str, Any]  # attribute values, as spans carry them

_ROWS: dict[str, tuple[tuple[int, Row], ...]] = {}
for _rank, _row in enumerate(ROWS):
    _ROWS[_row.old] = (*_ROWS.get(_row.old, ()), (_rank, _row))
_PREFIXES = tuple(INDEXED)
_MARKS: tuple[tuple[str, Dialect], ...] = (
    ("openinference.", "openinference"),
    ("traceloop.", "openllmetry"),
    ("langfuse.", "langfuse"),
    ("agentops.", "agentops"),
    ("pydantic_ai.", "pydantic_ai"),
    ("logfire.", "pydantic_ai"),
    ("gen_ai.aggregated_usage.", "pydantic_ai"),
    ("gen_ai.cost.", "litellm"),
)
_MARK_PREFIXES = tuple(prefix for prefix, _ in _MARKS)


def detect_dialect(attributes: Mapping[str, Any]) -> Dialect | None:
    """Say whose names a span's attributes are; None for today's names and for spans that are not about agents."""
    found: Dialect | None = None
    for key in attributes:
        if key.startswith(_MARK_PREFIXES):
            return next(dialect for prefix, dialect in _MARKS if key.startswith(prefix))
        if found is None:
            if key in _ROWS and not _ROWS[key][0][1].operations:
                found = _ROWS[key][0][1].dialect
            elif key.startswith(_PREFIXES) and _index_of(key) is not None:
                found = INDEXED[_prefix_of(key)][0]
    return found


def normalise(attributes: Mapping[str, Any]) -> Attributes:
    """Return the attributes under today's names, in a dictionary that the caller owns.

    What stands there under today's name wins, unknown attributes are kept, and a foreign attribute goes only when its
    value could be read.
    """
    foreign = [key for key in attributes if key in _ROWS or (key.startswith(_PREFIXES) and _index_of(key) is not None)]
    if not foreign:
        return dict(attributes)
    operation = operation_of(attributes)
    converted: Attributes = {}
    done: set[str] = set()
    for _, row in sorted((pair for key in foreign if key in _ROWS for pair in _ROWS[key]), key=_rank_of):
        if row.old in done or (row.operations and operation not in row.operations):
            continue
        values = _CONVERT[row.conversion](row.new, attributes[row.old])
        if values is None:
            continue
        if row not in KINDS:
            done.add(row.old)
        _fill(converted, values)
    lists = _read_lists([key for key in foreign if key not in _ROWS], attributes, done)
    # Messages spread over attributes say more than the one raw value beside them.
    converted.update(lists)
    if operation and own.COST_AMOUNT in converted:
        converted.setdefault(own.COST_SOURCE, "reported")
        converted.setdefault(own.COST_CURRENCY, own.CURRENCY)
    kept = {key: value for key, value in attributes.items() if key not in done}
    return {**converted, **kept}


def _rank_of(pair: tuple[int, Row]) -> int:
    return pair[0]


def _fill(target: Attributes, values: Attributes) -> None:
    for name, value in values.items():
        target.setdefault(name, value)


def is_line(attributes: Mapping[str, Any]) -> bool:
    """Whether it is a line of Logfire's log: what it says of a call, once a stream is over, the call's span says too."""
    return attributes.get("logfire.span_type") == "log"


def operation_of(attributes: Mapping[str, Any]) -> str:
    """Return the operation that a span tells of, or that its foreign kind stands for; empty where there is none."""
    if is_line(attributes):
        return ""
    told = attributes.get(genai.OPERATION)
    if told:
        return str(told)
    for row in KINDS:
        value = attributes.get(row.old)
        if value is not None and (operation := OPERATIONS.get(str(value).lower())):
            return operation
    return ""


# -- conversions: new name and old value → today's attributes, or None where the value makes no sense -----------------


def _copy(name: str, value: Any) -> Attributes | None:  # an attribute value, as below
    return {name: value}


def _with(convert: Callable[[Any], Any]) -> Callable[[str, Any], Attributes | None]:
    def read(name: str, value: Any) -> Attributes | None:
        converted = convert(value)
        return None if converted is None else {name: converted}

    return read


def _to_truth(value: Any) -> bool | None:
    return True if value is True or str(value).lower() == "true" else None


def _to_cost(value: Any) -> float | None:
    """Zero is what several tools say when they do not know the price, so it is no price."""
    amount = to_float(value)
    return amount or None


def _to_provider(value: Any) -> str | None:
    word = str(value).strip().lower()
    return PROVIDERS.get(word, word) or None


def _to_operation(value: Any) -> str | None:
    return OPERATIONS.get(str(value).lower())


def _to_output_type(value: Any) -> str | None:
    word = str(value).lower()
    return "json" if word.startswith("json") else word if word in ("text", "image", "speech") else None


def _read_request_messages(name: str, value: Any) -> Attributes | None:
    conversation = read_request(parse(value))
    found: Attributes = {name: dumps(conversation.messages)}
    if conversation.system_instructions:
        found[genai.SYSTEM_INSTRUCTIONS] = dumps(conversation.system_instructions)
    if conversation.tools:
        found[genai.TOOL_DEFINITIONS] = dumps(conversation.tools)
    return found


def _read_response_messages(name: str, value: Any) -> Attributes | None:
    return {name: dumps(read_response(parse(value)))}


def _read_parameters(name: str, value: Any) -> Attributes | None:
    parameters = parse(value)
    if not isinstance(parameters, Mapping):
        return None
    found: Attributes = {}
    add_request(found, parameters)
    return found


def _read_usage(name: str, value: Any) -> Attributes | None:
    """Read counts that are inclusive under a provider's words and additive under Langfuse's own (`input`, `input_…`)."""
    counts = parse(value)
    if not isinstance(counts, Mapping):
        return None
    numbers = {str(key): number for key, item in counts.items() if (number := to_int(item)) is not None}
    if "prompt_tokens" in numbers or "completion_tokens" in numbers:
        return {
            genai.USAGE_INPUT: numbers.get("prompt_tokens", 0),
            genai.USAGE_OUTPUT: numbers.get("completion_tokens", 0),
        }
    found: Attributes = {
        genai.USAGE_INPUT: sum(number for key, number in numbers.items() if "input" in key),
        genai.USAGE_OUTPUT: sum(number for key, number in numbers.items() if "output" in key),
    }
    parts = {
        genai.USAGE_CACHE_READ: ("cache_read", "cached"),
        genai.USAGE_CACHE_WRITE: ("cache_creation", "cache_write"),
    }
    for attribute, words in parts.items():
        if tokens := sum(number for key, number in numbers.items() if any(word in key for word in words)):
            found[attribute] = tokens
    if tokens := sum(number for key, number in numbers.items() if "output" in key and "reasoning" in key):
        found[genai.USAGE_REASONING] = tokens
    return found


def _read_cost(name: str, value: Any) -> Attributes | None:
    costs = parse(value)
    if not isinstance(costs, Mapping):
        return None
    total = to_float(costs.get("total"))
    amount = total or sum(to_float(item) or 0.0 for key, item in costs.items() if key != "total")
    return {name: amount} if amount else None


_CONVERT: dict[str, Callable[[str, Any], Attributes | None]] = {
    "copy": _copy,
    "int": _with(to_int),
    "double": _with(to_float),
    "text": _with(to_text),
    "strings": _with(to_strings),
    "true": _with(_to_truth),
    "cost": _with(_to_cost),
    "provider": _with(_to_provider),
    "operation": _with(_to_operation),
    "output_type": _with(_to_output_type),
    "request_messages": _read_request_messages,
    "response_messages": _read_response_messages,
    "request_parameters": _read_parameters,
    "usage_details": _read_usage,
    "cost_details": _read_cost,
}


# -- lists spread over numbered attributes ---------------------------------------------------------------------------


def _prefix_of(key: str) -> str:
    return next(prefix for prefix in _PREFIXES if key.startswith(prefix))


def _index_of(key: str) -> int | None:
    """Return the number after the prefix; None for `gen_ai.prompt.name` and its like, which are today's."""
    number = key[len(_prefix_of(key)) :].partition(".")[0]
    return int(number) if number.isdecimal() else None


def _read_lists(keys: Iterable[str], attributes: Mapping[str, Any], done: set[str]) -> Attributes:
    trees: dict[str, dict[str, Any]] = {}
    for key in keys:
        prefix = _prefix_of(key)
        _plant(trees.setdefault(prefix, {}), key[len(prefix) :].split("."), attributes[key])
        done.add(key)
    found: Attributes = {}
    for prefix, tree in trees.items():
        items = _as_list(tree)
        _fill(found, _READ_LIST[INDEXED[prefix][1]](items))
    return found


def _plant(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        below = tree.get(step)
        if not isinstance(below, dict):
            below = tree[step] = {}
        tree = below
    if not isinstance(tree.get(path[-1]), dict):
        tree[path[-1]] = value


def _as_list(tree: Any) -> list[Any]:
    """Return the branches of a tree whose keys are numbers, in their order."""
    if not isinstance(tree, dict):
        return []
    return [tree[key] for key in sorted(tree, key=lambda key: int(key) if key.isdecimal() else -1)]


def _read_inputs(items: list[Any]) -> Attributes:
    return {genai.INPUT_MESSAGES: dumps(read_request([_as_message(item, "user") for item in items]).messages)}


def _read_outputs(items: list[Any]) -> Attributes:
    found: Attributes = {
        genai.OUTPUT_MESSAGES: dumps(read_response([_as_message(item, "assistant") for item in items]))
    }
    reasons = [item["finish_reason"] for item in items if isinstance(item, dict) and item.get("finish_reason")]
    if reasons:
        found[genai.RESPONSE_FINISH_REASONS] = [str(reason) for reason in reasons]
    return found


def _read_definitions(items: list[Any]) -> Attributes:
    tools = []
    for item in items:
        inner = _inside(item, "tool")
        tools.append(parse(inner["json_schema"]) if isinstance(inner.get("json_schema"), str) else inner)
    return {genai.TOOL_DEFINITIONS: dumps(read_tools(tools))}


def _read_documents(items: list[Any]) -> Attributes:
    documents = []
    for item in items:
        document = dict(_inside(item, "document")) if isinstance(item, dict) else {"content": item}
        if isinstance(document.get("metadata"), str):
            document["metadata"] = parse(document["metadata"])
        documents.append(document)
    return {genai.RETRIEVAL_DOCUMENTS: dumps(documents)}


_READ_LIST: dict[str, Callable[[list[Any]], Attributes]] = {
    genai.INPUT_MESSAGES: _read_inputs,
    genai.OUTPUT_MESSAGES: _read_outputs,
    genai.TOOL_DEFINITIONS: _read_definitions,
    genai.RETRIEVAL_DOCUMENTS: _read_documents,
}


def _as_message(item: Any, role: str) -> dict[str, Any]:
    """Return a message in OpenAI's chat shape, which `messages` reads, from one branch of numbered attributes."""
    if not isinstance(item, dict):
        return {"role": role, "content": item}
    inner = _inside(item, "message")
    text = item.get("prompt", item.get("completion"))
    if isinstance(text, dict):
        return {"role": role, "content": text.get("text")}
    contents = [_as_block(block) for block in _as_list(inner.get("contents"))]
    message: dict[str, Any] = {
        "role": inner.get("role") or role,
        "content": contents or _as_content(inner.get("content")),
        "tool_calls": [_as_tool_call(call) for call in _as_list(inner.get("tool_calls"))],
    }
    return {**message, **{key: inner[key] for key in ("tool_call_id", "name") if key in inner}}


def _as_content(content: Any) -> Any:
    """Text, or the content blocks that some tools write as JSON text."""
    if isinstance(content, str) and content[:1] == "[":
        blocks = parse(content)
        if isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks):
            return blocks
    return content


def _as_block(block: Any) -> dict[str, Any]:
    inner = _inside(block, "message_content") if isinstance(block, dict) else {"text": block}
    if isinstance(inner.get("image"), dict):
        return {"type": "image_url", "image_url": _inside(inner["image"], "image").get("url")}
    return {"type": inner.get("type", "text"), **inner}


def _as_tool_call(call: Any) -> dict[str, Any]:
    inner = _inside(call, "tool_call")
    function = _inside(inner, "function")
    return {"id": inner.get("id"), "function": {"name": function.get("name"), "arguments": function.get("arguments")}}


def _inside(tree: Any, key: str) -> dict[str, Any]:
    """Return the branch of that name, or the tree itself where there is none; empty for what is no tree."""
    if not isinstance(tree, dict):
        return {}
    below = tree.get(key)
    return below if isinstance(below, dict) else tree
