"""Calls as rows: the leanest form that SQLite takes. CPU only; this is the hottest file of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.store.writing.facts import encode_facts, encode_json, encode_open_facts

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.log import LogRecord

_TOP_BIT = 1 << 63
_WRAP = 1 << 64


def signed(id: int) -> int:
    """An unsigned 64-bit id as SQLite keeps it."""
    return id - _WRAP if id >= _TOP_BIT else id


def unsigned(id: int) -> int:
    """The id again, from what SQLite keeps."""
    return id + _WRAP if id < 0 else id


def as_blob(trace_id: int) -> bytearray:
    """A trace's id as SQLite keeps it. Not `bytes`, for which sqlite3 looks for an adapter each time."""
    return bytearray(trace_id.to_bytes(16, "big"))


def call_row(call: Call, trace_id: bytearray, session: str) -> tuple[Any, ...]:
    """Columns `ROW_COLUMNS` of a finished call.

    `trace_id` and `session` (of `session_part`) come ready-made, because the calls of one batch mostly share them.
    """
    error = call.error
    given = call.kept_input
    returned = call.kept_output
    id = call.id
    parent_id = call.parent_id
    if parent_id is not None and parent_id >= _TOP_BIT:
        parent_id -= _WRAP
    return (
        call.run_id,
        id - _WRAP if id >= _TOP_BIT else id,
        trace_id,
        parent_id,
        call.kind._value_,
        call.name,
        call.agent_name,
        call.outcome._value_,
        call.start_ns,
        call.end_ns,
        call.step_index,
        encode_facts(call, session),
        given.decode() if type(given) is bytes else None if given is None else given.text,  # type: ignore[union-attr]
        returned.decode() if type(returned) is bytes else None if returned is None else returned.text,  # type: ignore[union-attr]
        None if error is None else f"{error.type}\n{error.message}",
    )


def open_row(call: Call, trace_id: bytearray, session: str) -> tuple[Any, ...]:
    """Columns of an open call, but for the first two; reads only what is set at opening, and whether it has ended."""
    end_ns = call.end_ns
    return (
        signed(call.id),
        trace_id,
        None if call.parent_id is None else signed(call.parent_id),
        call.kind._value_,
        call.name,
        call.agent_name,
        "open" if end_ns is None else call.outcome._value_,
        call.start_ns,
        end_ns,
        call.step_index,
        encode_open_facts(call, session),
    )


def log_row(record: LogRecord) -> tuple[Any, ...]:
    """Columns of a line of a log."""
    span_id, attributes = record.span_id, record.attributes
    return (
        record.run_id,
        record.time_ns,
        record.severity_number,
        record.severity_text,
        record.source,
        None if span_id is None else signed(span_id),
        record.logger,
        record.event_name,
        record.body,
        encode_json(dict(attributes)) if attributes else None,
    )
