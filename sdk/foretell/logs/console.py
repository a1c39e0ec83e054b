"""Writes records for people on a terminal, and as JSON lines for everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Final

from foretell.model.log import LogRecord
from foretell.semconv import genai, own

HIDDEN: Final = "[redacted]"

_PLAIN = "\x1b[0m"
_DIM = "\x1b[2m"
_COLOURS = {1: "\x1b[2m", 5: "\x1b[36m", 9: "\x1b[32m", 13: "\x1b[33m", 17: "\x1b[31m", 21: "\x1b[1;31m"}

Redact = Callable[[str], str]


def to_json_line(record: LogRecord, redact: Redact) -> str:
    """Return the record as one line of JSON. Each text is redacted by itself, so that the line stays valid."""
    fields: dict[str, Any] = {
        "time": _utc(record.time_ns),
        "level": record.severity_text,
        "message": redact(record.body),
        "logger": redact(record.logger),
        own.LOG_SOURCE: record.source,
        "trace_id": f"{record.trace_id:032x}" if record.trace_id else None,
        "span_id": f"{record.span_id:016x}" if record.span_id else None,
        own.RUN_ID: record.run_id,
    }
    line = {key: value for key, value in fields.items() if value is not None}
    for key, value in record.attributes.items():
        line.setdefault(redact(key), redact_field(key, value, redact))
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def to_pretty_line(record: LogRecord, redact: Redact, *, has_colour: bool = False) -> str:
    """Return the record as people read it: time, level, message, fields, run; a traceback below."""
    attributes = dict(record.attributes)
    trace = attributes.pop(genai.EXCEPTION_STACKTRACE, None)
    agent = attributes.pop(genai.AGENT_NAME, None)
    if trace:
        attributes.pop(genai.EXCEPTION_TYPE, None)
        attributes.pop(genai.EXCEPTION_MESSAGE, None)
    colour, dim, plain = (_COLOURS.get(record.severity_number, ""), _DIM, _PLAIN) if has_colour else ("", "", "")
    local = datetime.fromtimestamp(record.time_ns / 1e9).astimezone()
    words = [
        f"{dim}{local:%H:%M:%S}.{local.microsecond // 1000:03d}{plain}",
        f"{colour}{record.severity_text:<8}{plain}",
        *([f"{dim}[{redact(str(agent))}]{plain}"] if agent else []),
        redact(record.body),
        *(f"{dim}{redact(key)}={plain}{_show(redact_field(key, value, redact))}" for key, value in attributes.items()),
        *([f"{dim}run={record.run_id[:8]}{plain}"] if record.run_id else []),
    ]
    line = " ".join(words)
    return f"{line}\n{redact(str(trace)).rstrip()}" if trace else line


def redact_field(key: str, value: Any, redact: Redact) -> Any:
    """Return a field's value without secrets. A rule may need the name to know one: `password=…`."""
    if isinstance(value, str):
        prefix = f"{key}="
        text = redact(f"{prefix}{value}")
        return redact(text[len(prefix) :]) if text.startswith(prefix) else HIDDEN
    if isinstance(value, dict):
        return {redact(name): redact_field(name, item, redact) for name, item in value.items()}
    if isinstance(value, list):
        return [redact_field(key, item, redact) for item in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    shown = redact(text)  # a card or phone number may have been given as a number
    return value if shown == text else shown


def _show(value: Any) -> str:
    return value if isinstance(value, str) and value and " " not in value else json.dumps(value, ensure_ascii=False)


def _utc(time_ns: int) -> str:
    return (
        datetime.fromtimestamp(time_ns / 1e9, tz=timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
