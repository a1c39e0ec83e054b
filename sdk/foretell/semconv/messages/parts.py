"""Converts one piece of a message, in any provider's shape, into a part of the conventions' message schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

Part = dict[str, Any]  # parsed JSON: `type` and what that type asks for

_write_any = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_MARK_DIGITS = bytes(b"1"[0] if chr(byte).isdecimal() and byte < 128 else b"0"[0] for byte in range(256))
_LONG_NUMBER = b"1" * 19
"""Integers of this many digits may be over 64 bits, which orjson reads as floats."""
_STRIDE, _STRIDES = 6, b"111"
"""Of 19 bytes in a row, every sixth is at least three: most documents have no three such digits."""


def dumps(value: Any) -> str:  # any parsed JSON
    """Write compact JSON."""
    try:
        return orjson.dumps(value, str).decode()
    except TypeError:  # a key that is no text, a lone surrogate, an integer over 64 bits
        return _write_any(value)


def parse(text: Any) -> Any:  # parsed JSON
    """Return what a JSON document says; what is no document is returned as it is."""
    if not isinstance(text, str):
        return text
    try:
        document = text.encode()
        if not _has_long_number(document):
            return orjson.loads(document)
    except ValueError:  # NaN, half a surrogate pair, or no document
        pass
    try:
        return json.loads(text)
    except ValueError:
        return text


def _has_long_number(document: bytes) -> bool:
    sample = document[::_STRIDE].translate(_MARK_DIGITS)
    return _STRIDES in sample and _LONG_NUMBER in document.translate(_MARK_DIGITS)


def read_parts(content: Any) -> list[Part]:  # any parsed JSON
    """Return the parts of a message's content: a string, one block or a list of blocks; None is no part."""
    if content is None:
        return []
    if isinstance(content, list):
        return [part for block in content for part in read_parts(block)]
    if isinstance(content, dict):
        return [read_block(content)]
    return [text_part(content)]


def text_part(value: Any) -> Part:  # any parsed JSON
    """Return a text part; what is no string is written as JSON."""
    return {"type": "text", "content": value if isinstance(value, str) else dumps(value)}


def tool_call_part(name: Any, call_id: Any, arguments: Any) -> Part:  # whatever the provider wrote
    """Return a part for a call that the model asks for; arguments given as JSON text are parsed."""
    part = {"type": "tool_call", "name": str(name or ""), "arguments": parse(arguments)}
    return part if call_id is None else {**part, "id": str(call_id)}


def tool_response_part(call_id: Any, response: Any) -> Part:  # whatever the provider wrote
    """Return a part for a tool's answer; text blocks become one string, JSON text is parsed."""
    part: Part = {"type": "tool_call_response", "response": _flatten(response)}
    return part if call_id is None else {**part, "id": str(call_id)}


def read_block(block: Mapping[str, Any]) -> Part:
    """Return the part that one content block stands for; an unknown type goes through unchanged.

    A block that is not shaped as its type says (programs build them by hand) becomes text: nothing is lost.
    """
    try:
        return _read_block(block)
    except (AttributeError, KeyError, TypeError):
        return text_part(block)


def _read_block(block: Mapping[str, Any]) -> Part:
    kind = block.get("type")
    if isinstance(kind, str):
        reader = _BY_TYPE.get(kind)
        if reader is not None:
            return reader(block)
        if kind.endswith("_tool_result"):
            return _server_response(block)
        return _unmarked(block) or dict(block)
    return _unmarked(block) or text_part(block)


def _flatten(response: Any) -> Any:  # any parsed JSON
    if isinstance(response, list) and response and all(isinstance(item, dict) and "text" in item for item in response):
        return parse("".join(str(item["text"]) for item in response))
    return parse(response)


def media_part(modality: str, address: Any, mime_type: str | None = None) -> Part:  # a URL as the provider wrote it
    """Return a `uri` part, or a `blob` part where the address is a data: URL."""
    address = str(address.get("url", "") if isinstance(address, dict) else address or "")
    if not address.startswith("data:"):
        return _with_mime({"type": "uri", "modality": modality, "uri": address}, mime_type)
    head, _, body = address[5:].partition(",")
    return _with_mime({"type": "blob", "modality": modality, "content": body}, head.partition(";")[0] or mime_type)


def _with_mime(part: Part, mime_type: Any) -> Part:
    return {**part, "mime_type": str(mime_type)} if mime_type else part


def modality_of(mime_type: Any) -> str:
    """Return `image`, `audio`, `video` or `document`."""
    family = str(mime_type or "").partition("/")[0]
    return family if family in ("image", "audio", "video") else "document"


def _text(block: Mapping[str, Any]) -> Part:
    return text_part(block.get("text", block.get("content", block.get("refusal", ""))))


def _conventional(block: Mapping[str, Any]) -> Part:
    return dict(block)


def _reasoning(block: Mapping[str, Any]) -> Part:
    content = block.get("thinking", block.get("content"))
    if not content:
        content = block.get("summary", block.get("text", ""))
    if isinstance(content, list):
        content = "".join(str(item.get("text", "")) if isinstance(item, dict) else str(item) for item in content)
    return {"type": "reasoning", "content": content if isinstance(content, str) else dumps(content)}


def _image(block: Mapping[str, Any]) -> Part:
    return _source("image", block["source"]) if isinstance(block.get("source"), dict) else _input_image(block)


def _document(block: Mapping[str, Any]) -> Part:
    return _source("document", block["source"]) if isinstance(block.get("source"), dict) else dict(block)


def _source(modality: str, source: Mapping[str, Any]) -> Part:
    kind, mime_type = source.get("type"), source.get("media_type")
    if kind == "url":
        return media_part(modality, source.get("url"), mime_type)
    if kind == "file":
        return {"type": "file", "modality": modality, "file_id": str(source.get("file_id", ""))}
    if kind in ("text", "content"):
        return text_part(source.get("data", source.get("content", "")))
    return _with_mime({"type": "blob", "modality": modality, "content": str(source.get("data", ""))}, mime_type)


def _input_image(block: Mapping[str, Any]) -> Part:
    if block.get("file_id"):
        return {"type": "file", "modality": "image", "file_id": str(block["file_id"])}
    return media_part("image", block.get("image_url", block.get("url")))


def _input_audio(block: Mapping[str, Any]) -> Part:
    audio = block.get("input_audio", block)
    part = {"type": "blob", "modality": "audio", "content": str(audio.get("data", ""))}
    return _with_mime(part, f"audio/{audio['format']}" if audio.get("format") else None)


def _file(block: Mapping[str, Any]) -> Part:
    if "modality" in block:
        return dict(block)
    file = block["file"] if isinstance(block.get("file"), dict) else block
    if file.get("file_id"):
        return {"type": "file", "modality": "document", "file_id": str(file["file_id"])}
    return media_part("document", file.get("file_data") or file.get("file_url"))


def _tool_use(block: Mapping[str, Any]) -> Part:
    return tool_call_part(block.get("name"), block.get("id"), block.get("input", block.get("arguments", {})))


def _function_call(block: Mapping[str, Any]) -> Part:
    return tool_call_part(block.get("name"), block.get("call_id", block.get("id")), block.get("arguments"))


def _tool_result(block: Mapping[str, Any]) -> Part:
    return tool_response_part(block.get("tool_use_id"), block.get("content"))


def _function_output(block: Mapping[str, Any]) -> Part:
    return tool_response_part(block.get("call_id"), block.get("output"))


def _server_call(block: Mapping[str, Any]) -> Part:
    name = str(block.get("name") or block.get("type"))
    detail = {"type": name, **{key: value for key, value in block.items() if key not in ("type", "id", "name")}}
    part = {"type": "server_tool_call", "name": name, "server_tool_call": detail}
    return {**part, "id": str(block["id"])} if block.get("id") else part


def _server_response(block: Mapping[str, Any]) -> Part:
    part = {"type": "server_tool_call_response", "server_tool_call_response": dict(block)}
    return {**part, "id": str(block["tool_use_id"])} if block.get("tool_use_id") else part


def _unmarked(block: Mapping[str, Any]) -> Part | None:
    """Read the blocks of Gemini and Bedrock, which name their type by a key; None for any other."""
    if isinstance(block.get("text"), str):
        return _reasoning(block) if block.get("thought") is True else _text(block)
    for key, reader in _BY_KEY.items():
        if isinstance(block.get(key), dict):
            return reader(block[key])
    return None


def _gemini_call(call: Mapping[str, Any]) -> Part:
    return tool_call_part(call.get("name"), call.get("id"), call.get("args", {}))


def _gemini_response(answer: Mapping[str, Any]) -> Part:
    return tool_response_part(answer.get("id"), answer.get("response"))


def _gemini_blob(data: Mapping[str, Any]) -> Part:
    mime_type = data.get("mimeType", data.get("mime_type"))
    part = {"type": "blob", "modality": modality_of(mime_type), "content": str(data.get("data", ""))}
    return _with_mime(part, mime_type)


def _gemini_file(data: Mapping[str, Any]) -> Part:
    mime_type = data.get("mimeType", data.get("mime_type"))
    return media_part(modality_of(mime_type), data.get("fileUri", data.get("file_uri")), mime_type)


def _bedrock_call(call: Mapping[str, Any]) -> Part:
    return tool_call_part(call.get("name"), call.get("toolUseId"), call.get("input", {}))


def _bedrock_result(answer: Mapping[str, Any]) -> Part:
    content = answer.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict) and "json" in content[0]:
        content = content[0]["json"]
    return tool_response_part(answer.get("toolUseId"), content)


def _bedrock_reasoning(block: Mapping[str, Any]) -> Part:
    text = block.get("reasoningText")
    return _reasoning(text if isinstance(text, dict) else block)


_BY_TYPE: dict[str, Callable[[Mapping[str, Any]], Part]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "refusal": _text,
    "thinking": _reasoning,
    "reasoning": _reasoning,
    "image": _image,
    "image_url": _input_image,
    "input_image": _input_image,
    "input_audio": _input_audio,
    "document": _document,
    "file": _file,
    "input_file": _file,
    "tool_use": _tool_use,
    "tool_call": _conventional,
    "tool_call_response": _conventional,
    "blob": _conventional,
    "uri": _conventional,
    "function_call": _function_call,
    "custom_tool_call": _function_call,
    "tool_result": _tool_result,
    "function_call_output": _function_output,
    "custom_tool_call_output": _function_output,
    "server_tool_use": _server_call,
    "mcp_tool_use": _server_call,
    "web_search_call": _server_call,
    "file_search_call": _server_call,
    "code_interpreter_call": _server_call,
    "computer_call": _server_call,
    "image_generation_call": _server_call,
    "mcp_call": _server_call,
}
_BY_KEY: dict[str, Callable[[Mapping[str, Any]], Part]] = {
    "functionCall": _gemini_call,
    "function_call": _gemini_call,
    "functionResponse": _gemini_response,
    "function_response": _gemini_response,
    "inlineData": _gemini_blob,
    "inline_data": _gemini_blob,
    "fileData": _gemini_file,
    "file_data": _gemini_file,
    "toolUse": _bedrock_call,
    "toolResult": _bedrock_result,
    "reasoningContent": _bedrock_reasoning,
}
