"""Encodes the contents of a call, where the user lets them leave the machine: text on its span, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.export.otlp.wire import string_pair
from foretell.privacy.text import draft_json
from foretell.semconv.messages.content import read_contents

if TYPE_CHECKING:
    from foretell.model.call import Call


def encode_contents(call: Call) -> list[bytes]:
    """Attributes of the span, each as a delimited `KeyValue`."""
    return [
        string_pair(name, value if isinstance(value, str) else draft_json(value))
        for name, value in read_contents(call).items()
    ]
