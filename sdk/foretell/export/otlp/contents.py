"""Encodes the contents of a call, where the user lets them leave the machine: as text for its span, as values for its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.export.otlp.wire import DEPTH_LIMIT, any_value, array_value, key_start, pair, string_pair, utf8, varint
from foretell.privacy.text import draft_json
from foretell.semconv.messages.content import read_contents

if TYPE_CHECKING:
    from foretell.model.call import Call

_MESSAGE_KEYS, _TEXT_KEYS = ["role", "parts"], ["type", "content"]
_ROLES = {role: string_pair("role", role) for role in ("system", "user", "assistant", "tool")}
_TYPE = b"\x0a" + string_pair("type", "text") + b"\x0a"
_PARTS, _CONTENT = key_start("parts"), key_start("content")


def encode_contents(call: Call, *, has_event: bool) -> tuple[list[bytes], list[bytes]]:
    """Attributes of the span, and with `has_event` those of the details event, each as a delimited `KeyValue`."""
    as_text: list[bytes] = []
    as_values: list[bytes] = []
    for name, value in read_contents(call).items():
        as_text.append(string_pair(name, value if isinstance(value, str) else draft_json(value)))
        if has_event:
            as_values.append(pair(name, _encode(value)))
    return as_text, as_values


def _encode(value: Any) -> bytes:  # parsed JSON
    return array_value([_encode_message(item) for item in value]) if type(value) is list else any_value(value)


def _encode_message(message: Any) -> bytes:  # parsed JSON
    """A message of one text, as nearly all are, at a fifth of the cost of any value."""
    if type(message) is dict and list(message) == _MESSAGE_KEYS and len(message["parts"]) == 1:
        (part,) = message["parts"]
        if type(part) is dict and list(part) == _TEXT_KEYS and part["type"] == "text":
            role, text = message["role"], part["content"]
            if type(role) is str and type(text) is str:
                return _encode_text(role, text)
    return any_value(message, DEPTH_LIMIT - 2)


def _encode_text(role: str, text: str) -> bytes:
    """`{"role": role, "parts": [{"type": "text", "content": text}]}`, its lengths worked out from the inside."""
    raw = utf8(text)
    n = len(raw)
    size = varint(n)
    n += 1 + len(size)
    in_content = varint(n)
    n += len(in_content) + len(_CONTENT)
    in_pair = varint(n)
    n += len(in_pair) + len(_TYPE)
    in_map = varint(n)
    n += len(in_map) + 1
    in_part = varint(n)
    n += len(in_part) + 1
    in_array = varint(n)
    n += len(in_array) + 1
    in_parts = varint(n)
    n += len(in_parts) + len(_PARTS)
    parts = varint(n)
    spoken = _ROLES.get(role) or string_pair("role", role)
    n += len(parts) + 1 + len(spoken) + 1
    in_message = varint(n)
    return b"".join(
        (
            varint(n + len(in_message) + 1), b"\x32", in_message, b"\x0a", spoken, b"\x0a", parts, _PARTS, in_parts, b"\x2a",
            in_array, b"\x0a", in_part, b"\x32", in_map, _TYPE, in_pair, _CONTENT, in_content, b"\x0a", size, raw,
        )
    )  # fmt: skip
