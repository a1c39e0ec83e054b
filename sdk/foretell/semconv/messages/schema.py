"""Converts what went to and came from a model, in any provider's shape, into the conventions' message schema.

Pure functions on parsed JSON. OpenAI (chat, completions, responses), Anthropic, Gemini, Bedrock, Ollama, LangChain's
message dictionaries and plain strings are read; anything else becomes one text part, so nothing is lost or raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretell.semconv.messages.parts import (
    Part,
    dumps,
    read_block,
    read_parts,
    text_part,
    tool_call_part,
    tool_response_part,
)

Message = dict[str, Any]  # parsed JSON: `role`, `parts` and perhaps `name`

_ROLES = {"model": "assistant", "ai": "assistant", "human": "user", "function": "tool", "developer": "system"}
_BODY_KEYS = ("kwargs", "body", "request", "params", "json")
_CONTENT_KEYS = ("messages", "input", "contents", "prompt")
_INSTRUCTION_KEYS = ("system", "instructions", "system_instruction", "systemInstruction")
_BESIDE_KEYS = frozenset((*_INSTRUCTION_KEYS, "tools", "config", "toolConfig"))
"""What else of a request is told beside its messages."""


@dataclass(slots=True)
class Conversation:
    """What went to a model."""

    messages: list[Message]
    system_instructions: list[Part] | None = None
    """Only where the provider keeps them apart from the messages."""
    tools: list[dict[str, Any]] | None = None


def read_request(value: Any) -> Conversation:  # any parsed JSON
    """Return the messages, instructions and tools in a request, a list of messages, or plain text."""
    if not isinstance(value, dict):
        return Conversation(_read_many(value, "user"))
    messages = value.get("messages")
    if messages is not None and _BESIDE_KEYS.isdisjoint(value):
        return Conversation(_read_many(messages, "user"))  # as most requests are
    body = _body_of(value)
    if body is None:
        return Conversation(_read_many(_only_text(value), "user"))
    instructions = None if body.keys().isdisjoint(_INSTRUCTION_KEYS) else _first_of(body, _INSTRUCTION_KEYS)
    tools = body.get("tools")
    config = body.get("config", body.get("toolConfig"))
    if isinstance(config, dict):
        instructions = instructions or config.get("system_instruction", config.get("systemInstruction"))
        tools = tools or config.get("tools")
    if isinstance(instructions, dict) and "parts" in instructions:
        instructions = instructions["parts"]
    content = next(body[key] for key in _CONTENT_KEYS if body.get(key) is not None)
    return Conversation(_read_many(content, "user"), read_parts(instructions) or None, read_tools(tools) or None)


def read_response(value: Any) -> list[Message]:  # any parsed JSON
    """Return the messages in a response, one for each choice."""
    if not isinstance(value, dict):
        return _read_many(value, "assistant")
    if isinstance(value.get("choices"), list):
        return [_read_choice(choice) for choice in value["choices"] if isinstance(choice, dict)]
    if isinstance(value.get("candidates"), list):
        return [
            _read_message(candidate.get("content") or {}, "assistant")
            for candidate in value["candidates"]
            if isinstance(candidate, dict)
        ]
    output = value.get("output")
    if isinstance(output, list):
        return [_merge_items(output)]
    if isinstance(output, dict) and isinstance(output.get("message"), dict):
        return [_read_message(output["message"], "assistant")]
    if isinstance(value.get("message"), dict):
        return [_read_message(value["message"], "assistant")]
    if _is_message(value):
        return [_read_message(value, "assistant")]
    return _read_many(_only_text(value), "assistant")


def read_tools(tools: Any, *, with_details: bool = False) -> list[dict[str, Any]]:  # any parsed JSON
    """Return the tool definitions: type and name, and only `with_details` what they do and take."""
    found: list[dict[str, Any]] = []
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, dict):
            nested = tool.get("function_declarations", tool.get("functionDeclarations"))
            items = nested if isinstance(nested, list) else [tool]
            found += [_read_tool(item, with_details) for item in items if isinstance(item, dict)]
    return [tool for tool in found if tool["name"]]


def _read_tool(tool: Mapping[str, Any], with_details: bool) -> dict[str, Any]:
    inner = next((tool[key] for key in ("function", "toolSpec") if isinstance(tool.get(key), dict)), tool)
    kind = str(tool.get("type") or "function")
    kind = "function" if kind == "custom" else kind
    name = str(inner.get("name") or ("" if kind == "function" else kind))
    definition: dict[str, Any] = {"type": kind, "name": name}
    if with_details and kind == "function":
        parameters = next((inner[key] for key in ("parameters", "input_schema", "inputSchema") if key in inner), None)
        if inner.get("description"):
            definition["description"] = inner["description"]
        if parameters is not None:
            definition["parameters"] = parameters
    return definition


def _body_of(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find the mapping with the messages: the value itself or one level below, as recorded arguments have it."""
    for key in _CONTENT_KEYS:
        if value.get(key) is not None:
            return value
    for key in _BODY_KEYS:
        inner = value.get(key)
        if isinstance(inner, dict) and any(inner.get(name) is not None for name in ("messages", "input", "contents")):
            return inner
    return None


def _first_of(body: Mapping[str, Any], keys: Sequence[str]) -> Any:  # parsed JSON
    return next((body[key] for key in keys if body.get(key)), None)


def _only_text(value: Mapping[str, Any]) -> Any:  # parsed JSON
    """Return the one text of a mapping (a question, an answer), else the whole as JSON."""
    if len(value) == 1:
        (only,) = value.values()
        if isinstance(only, (str, list)):
            return only
    return dumps(value)


def _is_message(value: Any) -> bool:  # any parsed JSON
    if not isinstance(value, dict):
        return False
    return ("role" in value and not value.keys().isdisjoint(("content", "parts", "tool_calls"))) or (
        value.get("type") in ("human", "ai", "system", "tool") and "content" in value
    )


def _read_many(value: Any, role: str) -> list[Message]:  # any parsed JSON
    if value is None:
        return []
    if not isinstance(value, list):
        return [_read_message(value, role)]
    plain = [_read_plain(item) for item in value]
    if None not in plain:
        return plain  # type: ignore[return-value]  # none of them is None
    if not any(_is_message(item) or _is_item(item) for item in value):
        return [{"role": role, "parts": read_parts(value)}] if value else []
    messages = [_read_item(item) if _is_item(item) else _read_message(item, role) for item in value]
    return [message for message in messages if message["parts"]]


def _read_plain(value: Any) -> Message | None:  # any parsed JSON
    """Return a message of a role and a text, as nearly all are; None for any other."""
    if type(value) is not dict or len(value) != 2:
        return None
    role, content = value.get("role"), value.get("content")
    if type(role) is not str or type(content) is not str or not role:
        return None
    spoken = _ROLES.get(role, role)
    return None if spoken == "tool" else {"role": spoken, "parts": [{"type": "text", "content": content}]}


def _read_message(value: Any, role: str) -> Message:  # any parsed JSON
    plain = _read_plain(value)
    if plain is not None:
        return plain
    if not isinstance(value, dict):
        return {"role": role, "parts": [text_part(value)]}
    if not ("role" in value or "content" in value or "parts" in value or "tool_calls" in value):
        return {"role": role, "parts": [read_block(value)]}
    spoken = str(value.get("role") or (value.get("type") if _is_message(value) else "") or role)
    spoken = _ROLES.get(spoken, spoken)
    content = value.get("parts", value.get("content"))
    if spoken == "tool" and "parts" not in value:
        parts = [tool_response_part(value.get("tool_call_id"), content)]
    else:
        thought = value.get("reasoning_content") or value.get("thinking") or value.get("reasoning")
        parts = [{"type": "reasoning", "content": thought}] if isinstance(thought, str) else []
        parts += read_parts(content)
        parts += _read_tool_calls(value)
    message: Message = {"role": spoken, "parts": parts}
    if isinstance(value.get("name"), str):
        message["name"] = value["name"]
    return message


def _read_tool_calls(message: Mapping[str, Any]) -> list[Part]:
    parts = []
    if isinstance(message.get("refusal"), str):
        parts.append(text_part(message["refusal"]))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, dict):
            inner = next((call[key] for key in ("function", "custom") if isinstance(call.get(key), dict)), call)
            arguments = inner.get("arguments", inner.get("args", inner.get("input")))
            parts.append(tool_call_part(inner.get("name"), call.get("id"), arguments))
    old = message.get("function_call")
    if isinstance(old, dict):
        parts.append(tool_call_part(old.get("name"), None, old.get("arguments")))
    return parts


def _read_choice(choice: Mapping[str, Any]) -> Message:
    inner = choice.get("message", choice.get("delta"))
    if isinstance(inner, dict):
        return _read_message(inner, "assistant")
    return {"role": "assistant", "parts": [text_part(choice.get("text", ""))]}


# -- items of OpenAI's responses API ---------------------------------------------------------------------------------


def _is_item(value: Any) -> bool:  # any parsed JSON
    """True for what stands beside messages in a list of the responses API: calls, answers, reasoning."""
    if not isinstance(value, dict) or "role" in value:
        return False
    kind = str(value.get("type", ""))
    return kind == "reasoning" or kind.endswith(("_call", "_call_output"))


def _read_item(item: Mapping[str, Any]) -> Message:
    is_answer = str(item["type"]).endswith("_output")
    return {"role": "tool" if is_answer else "assistant", "parts": [read_block(item)]}


def _merge_items(items: list[Any]) -> Message:
    """Return all items of a response as one message: the responses API has one choice."""
    parts: list[Part] = []
    for item in items:
        if isinstance(item, dict) and item.get("type") == "message":
            parts += read_parts(item.get("content"))
        else:
            parts += read_parts(item)
    return {"role": "assistant", "parts": parts}
