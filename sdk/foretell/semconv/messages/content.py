"""Contents of a call as the conventions name them; used only where the user lets them leave the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from foretell.model.call import Call
from foretell.model.facts import MemoryFacts
from foretell.model.kinds import AGENT, LLM, MEMORY, RETRIEVER, TOOL, WORKFLOW, Kind
from foretell.model.payload import Kept, Payload
from foretell.semconv import genai
from foretell.semconv.messages.parts import dumps, parse
from foretell.semconv.messages.schema import read_request, read_response

Contents = dict[str, Any]  # attribute → parsed JSON, or JSON text where the attribute takes a string


def add_content(attributes: dict[str, Any], call: Call) -> None:
    """Add the contents to a span's attributes, structured ones as JSON text: not every SDK keeps a structure."""
    attributes.update(as_span_attributes(read_contents(call)))


def as_span_attributes(contents: Contents) -> dict[str, str]:
    """Return contents as a span carries them: text."""
    return {name: value if isinstance(value, str) else dumps(value) for name, value in contents.items()}


def read_contents(call: Call) -> Contents:
    """Return the contents of a call, structured as an event carries them; empty for kinds that have none."""
    reader = _READERS.get(call.kind)
    return reader(call) if reader is not None else {}


def _read_inference(call: Call) -> Contents:
    contents: Contents = {}
    if call.kept_input is not None:
        conversation = read_request(_read(call.kept_input))
        if conversation.system_instructions:
            contents[genai.SYSTEM_INSTRUCTIONS] = conversation.system_instructions
        contents[genai.INPUT_MESSAGES] = conversation.messages
        if conversation.tools:
            contents[genai.TOOL_DEFINITIONS] = conversation.tools
    return _with_output(call, contents)


def _read_dialogue(call: Call) -> Contents:
    contents: Contents = {}
    if call.kept_input is not None:
        contents[genai.INPUT_MESSAGES] = read_request(_read(call.kept_input)).messages
    return _with_output(call, contents)


def _with_output(call: Call, contents: Contents) -> Contents:
    if call.kept_output is not None:
        contents[genai.OUTPUT_MESSAGES] = read_response(_read(call.kept_output))
    return contents


def _read_tool(call: Call) -> Contents:
    contents: Contents = {}
    if call.input_payload is not None:
        contents[genai.TOOL_ARGUMENTS] = call.input_payload.text
    if call.output_payload is not None:
        contents[genai.TOOL_RESULT] = call.output_payload.text
    return contents


def _read_retrieval(call: Call) -> Contents:
    contents: Contents = {}
    if call.input_payload is not None:
        contents[genai.RETRIEVAL_QUERY] = _query_of(call.input_payload)
    if call.output_payload is not None:
        contents[genai.RETRIEVAL_DOCUMENTS] = _items_of(call.output_payload)
    return contents


def _read_memory(call: Call) -> Contents:
    contents: Contents = {}
    is_search = not isinstance(call.facts, MemoryFacts) or call.facts.operation == "search_memory"
    records = call.output_payload if is_search else call.input_payload
    if is_search and call.input_payload is not None:
        contents[genai.MEMORY_QUERY] = _query_of(call.input_payload)
    if records is not None:
        contents[genai.MEMORY_RECORDS] = _items_of(records)
    return contents


def _read(kept: Kept) -> Any:  # parsed JSON
    """What a content says. JSON that was taken as it is holds no number over 64 bits, so orjson reads it right."""
    return orjson.loads(kept) if type(kept) is bytes else parse(kept.text)  # type: ignore[union-attr]  # a payload


def _query_of(payload: Payload) -> str:
    value = parse(payload.text)
    if isinstance(value, dict):
        texts = [value[key] for key in ("query", "question", "text", "input") if isinstance(value.get(key), str)]
        texts += [item for item in value.values() if isinstance(item, str)]
        return texts[0] if texts else payload.text
    return value if isinstance(value, str) else payload.text


def _items_of(payload: Payload) -> list[dict[str, Any]]:
    """Return documents or records as a list of objects, each with its text under `content`."""
    value = parse(payload.text)
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list)]
        value = lists[0] if len(lists) == 1 else [value]
    items = value if isinstance(value, list) else [value]
    return [_item_of(item) for item in items if item is not None]


def _item_of(item: Any) -> dict[str, Any]:  # parsed JSON
    if not isinstance(item, dict):
        return {"content": item}
    text = next((item[key] for key in ("page_content", "text", "memory", "document") if key in item), None)
    return dict(item) if "content" in item or text is None else {**item, "content": text}


_READERS: dict[Kind, Callable[[Call], Contents]] = {
    LLM: _read_inference,
    AGENT: _read_dialogue,
    WORKFLOW: _read_dialogue,
    TOOL: _read_tool,
    RETRIEVER: _read_retrieval,
    MEMORY: _read_memory,
}
