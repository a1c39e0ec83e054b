"""Encodes the contents of a call, where the user lets them leave the machine: text on its span, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.export.otlp.wire import string_head, utf8
from foretell.model.kinds import TOOL
from foretell.privacy.text import draft_json
from foretell.semconv import genai
from foretell.semconv.messages.content import read_contents

if TYPE_CHECKING:
    from foretell.model.call import Call

_TAG = b"\x4a"


def encode_contents(call: Call) -> list[bytes]:
    """Attributes of the span as fields, each in two pieces: the second is the text alone, so that it need not be copied."""
    pieces: list[bytes] = []
    if call.kind is TOOL:
        for name, kept in ((genai.TOOL_ARGUMENTS, call.kept_input), (genai.TOOL_RESULT, call.kept_output)):
            if kept is not None:
                raw = kept if type(kept) is bytes else utf8(kept.text)  # type: ignore[union-attr]  # a payload
                pieces += (string_head(_TAG, name, len(raw)), raw)
        return pieces
    for name, value in read_contents(call).items():
        raw = utf8(value) if isinstance(value, str) else draft_json(value)
        pieces += (string_head(_TAG, name, len(raw)), raw)
    return pieces
