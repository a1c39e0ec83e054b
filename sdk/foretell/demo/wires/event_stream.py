"""The binary frames in which AWS sends events."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"
STRING = 7
"""The number of the type of headers that are texts."""


def frame_aws_event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """Make a frame: lengths and their checksum, headers, JSON, and a checksum of all."""
    headers = b"".join(
        _write_header(name, value)
        for name, value in (
            (":event-type", kind),
            (":content-type", "application/json"),
            (":message-type", "event"),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 12 + len(headers) + len(body) + 4, len(headers))
    frame = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return frame + struct.pack("!I", zlib.crc32(frame))


def _write_header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", STRING, len(text)) + text
