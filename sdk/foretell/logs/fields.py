"""Reads a record of the standard library's logging as one of ours."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Mapping
from typing import Any, Final

from foretell.model.log import LogRecord
from foretell.semconv import genai
from foretell.semconv.own import LOG_SOURCES

STRUCTLOG_FIELDS: Final = "foretell_fields"
"""Under this name a record carries what structlog was told; its message then says the same for other handlers."""
SOURCE_FIELDS: Final = ("foretell.log.source", "source")
"""A field of one of these names tells the source, if it is one of the known ones."""
TEXT_LIMIT: Final = 16_384
ITEM_LIMIT: Final = 100
DEPTH_LIMIT: Final = 4

_SEVERITIES = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5), (0, 1))
_SOURCE_OF_LOGGER = {
    **dict.fromkeys(
        ("uvicorn", "gunicorn", "hypercorn", "werkzeug", "starlette", "fastapi", "django", "flask"), "server"
    ),
    **dict.fromkeys(("websockets", "websocket", "wsproto"), "websocket"),
    "foretell": "foretell",
}
_SOURCE_OF_KIND = {
    **dict.fromkeys(("agent", "workflow", "plan", "step"), "agent"),
    **dict.fromkeys(("llm", "embeddings"), "llm"),
    **dict.fromkeys(("tool", "retriever", "memory"), "tool"),
}
_SEVERITY_OF_LEVEL = dict(_SEVERITIES)
_FIELD_COUNT = len(vars(logging.makeLogRecord({})))
_STANDARD_FIELDS = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", STRUCTLOG_FIELDS})


def read_record(record: logging.LogRecord, ids: Mapping[str, Any]) -> LogRecord:
    """Return the record with what it belongs to.

    `ids` may have `trace_id`, `span_id`, `trace_flags` (numbers), `run_id`, `session_id`, `agent_name` and `kind` (of the operation).
    """
    body, fields = read_fields(record)
    source = _read_source(record.name, fields, ids)
    for key, name in (("session_id", genai.SESSION_ID), ("agent_name", genai.AGENT_NAME)):
        if ids.get(key):
            fields[name] = ids[key]
    fields.update(_read_exception(record))
    return LogRecord(
        time_ns=int(record.created * 1e9),
        severity_number=_SEVERITY_OF_LEVEL.get(record.levelno) or _read_severity(record.levelno),
        severity_text=record.levelname,
        body=body,
        attributes=fields,
        source=source,
        trace_id=ids.get("trace_id"),
        span_id=ids.get("span_id"),
        run_id=ids.get("run_id"),
        logger=record.name,
        trace_flags=ids.get("trace_flags") or 0,
    )


def read_fields(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """Return the message and the fields beside it, as built-ins."""
    has = vars(record)
    told = has.get(STRUCTLOG_FIELDS)
    if isinstance(told, dict):
        fields = {key: value for key, value in told.items() if key != "event"}
        return _shorten(str(told.get("event", ""))), to_plain_fields(fields)
    extra: dict[str, Any] = {"stack": record.stack_info} if record.stack_info else {}
    if len(has) > _FIELD_COUNT:
        extra |= {key: value for key, value in has.items() if key not in _STANDARD_FIELDS}
    return _shorten(record.getMessage()), to_plain_fields(extra)


def to_plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as built-ins, with a bound on their number."""
    return {str(key): to_plain(value) for key, value in list(fields.items())[:ITEM_LIMIT]}


def to_plain(value: Any, depth: int = 0) -> Any:
    """Return a value as built-ins that JSON can hold; what is none becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _shorten(str(value))
    if depth < DEPTH_LIMIT and isinstance(value, Mapping):
        return {str(key): to_plain(item, depth + 1) for key, item in list(value.items())[:ITEM_LIMIT]}
    if depth < DEPTH_LIMIT and isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item, depth + 1) for item in list(value)[:ITEM_LIMIT]]
    try:
        return _shorten(str(value))
    except Exception:
        return f"<{type(value).__qualname__}>"


def _read_severity(level: int) -> int:
    """The number of a level of the program's own."""
    return next((number for least, number in _SEVERITIES if level >= least), 1)


def _read_source(logger: str, fields: dict[str, Any], ids: Mapping[str, Any]) -> str:
    for name in SOURCE_FIELDS if fields else ():
        if fields.get(name) in LOG_SOURCES:
            return str(fields.pop(name))
    if source := _SOURCE_OF_LOGGER.get(logger.partition(".")[0]):
        return source
    if source := _SOURCE_OF_KIND.get(ids.get("kind") or ""):
        return source
    return "session" if ids.get("session_id") else "user_script"


def _read_exception(record: logging.LogRecord) -> dict[str, str]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, trace = record.exc_info
    return {
        genai.EXCEPTION_TYPE: kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}",
        genai.EXCEPTION_MESSAGE: to_plain(error),
        genai.EXCEPTION_STACKTRACE: _shorten("".join(traceback.format_exception(kind, error, trace))),
    }


def _shorten(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…"
