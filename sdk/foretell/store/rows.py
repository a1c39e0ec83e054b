"""Calls as rows: the leanest form that SQLite takes. CPU only; this is the hottest file of the store."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from json import JSONEncoder
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foretell.model.facts import InferenceFacts

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Session
    from foretell.model.log import LogRecord
    from foretell.model.payload import Payload
    from foretell.model.usage import Cost, Usage

_TOP_BIT = 1 << 63
_WRAP = 1 << 64
_NO_USAGE = (None,) * 5
_NO_COST = (None,) * 3
_INFERENCE_COLUMNS = ("provider", "request_model", "response_model")


def signed(id: int) -> int:
    """An unsigned 64-bit id as SQLite keeps it."""
    return id - _WRAP if id >= _TOP_BIT else id


def unsigned(id: int) -> int:
    """The id again, from what SQLite keeps."""
    return id + _WRAP if id < 0 else id


def _name_type(value: object) -> str:
    return f"<{type(value).__name__}>"


# One encoder for all: making it costs more than encoding. Escapes keep lone surrogates away from SQLite.
encode_json = JSONEncoder(separators=(",", ":"), default=_name_type, check_circular=False).encode


def call_row(call: Call, trace_id: bytes, session: str | None) -> tuple[Any, ...]:
    """Columns of a finished call, but for the first two (run and process), which are known when it is written.

    `trace_id` and `session` come ready-made, because the calls of one batch mostly share them.
    """
    facts = call.facts
    usage = call.usage
    cost = call.cost
    error = call.error
    text_in = call.input_payload
    text_out = call.output_payload
    id = call.id
    parent_id = call.parent_id
    if parent_id is not None and parent_id >= _TOP_BIT:
        parent_id -= _WRAP
    rare = rare_facts(call)
    return (
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
        *(
            (facts.provider, facts.request_model, facts.response_model)
            if type(facts) is InferenceFacts
            else (None, None, None)
        ),
        *((None, None) if error is None else (error.type, error.message)),
        call.identity,
        *(
            _NO_USAGE
            if usage is None
            else (usage.uncached_input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning)
        ),
        *(_NO_COST if cost is None else _cost_columns(cost)),
        session,
        encode_json(rare) if rare else None,
        None if text_in is None else text_in.text,
        None if text_out is None else text_out.text,
    )


def _cost_columns(cost: Cost) -> tuple[Any, ...]:
    day = cost.price_date
    return (cost.amount_usd, cost.source, None if day is None else day.isoformat())


def open_row(call: Call, trace_id: bytes, session: str | None) -> tuple[Any, ...]:
    """Columns of an open call, but for the first two; reads only what is set at opening."""
    facts = call.facts
    inference = facts if type(facts) is InferenceFacts else None
    rare: dict[str, Any] = {}
    if call.span_id != call.id:
        rare["span_id"] = call.span_id
    if call.version is not None:
        rare["version"] = call.version
    if call.rss_open_bytes is not None:
        rare["rss_open_bytes"] = call.rss_open_bytes
    return (
        signed(call.id),
        trace_id,
        None if call.parent_id is None else signed(call.parent_id),
        call.kind._value_,
        call.name,
        call.agent_name,
        "open",
        call.start_ns,
        call.step_index,
        None if inference is None else inference.provider,
        None if inference is None else inference.request_model,
        session,
        encode_json(rare) if rare else None,
    )


def rare_facts(call: Call) -> dict[str, Any]:
    """Everything about a finished call that has no column and is not its default; the names are the fields'."""
    rare: dict[str, Any] = {}
    if call.facts is not None:
        fields = _set_fields(call.facts)
        if fields:
            rare["facts"] = fields
    if call.span_id != call.id:
        rare["span_id"] = call.span_id
    if call.totals is not None:
        rare["totals"] = _set_fields(call.totals)
    if call.usage is not None:
        _note_usage(call.usage, rare)
    if call.error is not None and call.error.stacktrace:
        rare["stacktrace"] = call.error.stacktrace
    if call.attributes:
        rare["attributes"] = call.attributes
    if call.events:
        rare["events"] = [(event.name, event.time_ns, event.fields) for event in call.events]
    if call.links:
        rare["links"] = [(f"{link.trace_id:032x}", f"{link.span_id:016x}", link.fields) for link in call.links]
    if call.input_payload is not None:
        _note_payload(call.input_payload, "input", rare)
    if call.output_payload is not None:
        _note_payload(call.output_payload, "output", rare)
    _note_span(call, rare)
    return rare


def _note_span(call: Call, rare: dict[str, Any]) -> None:
    if call.rss_open_bytes is not None:
        rare["rss_open_bytes"] = call.rss_open_bytes
    if call.rss_close_bytes is not None:
        rare["rss_close_bytes"] = call.rss_close_bytes
    if call.version is not None:
        rare["version"] = call.version
    if call.span_kind is not None:
        rare["span_kind"] = call.span_kind
    if call.scope is not None:
        rare["scope"] = call.scope
    if call.title is not None:
        rare["title"] = call.title
    if call.dropped is not None:
        rare["dropped"] = call.dropped
    if call.parent_is_remote:
        rare["parent_is_remote"] = True
    if call.trace_flags != 1:
        rare["trace_flags"] = call.trace_flags
    if call.trace_state:
        rare["trace_state"] = call.trace_state
    if call.content_exported:
        rare["content_exported"] = True


def _note_usage(usage: Usage, rare: dict[str, Any]) -> None:
    if usage.is_estimated:
        rare["usage_is_estimated"] = True
    if usage.input_by_modality:
        rare["input_by_modality"] = dict(usage.input_by_modality)
    if usage.output_by_modality:
        rare["output_by_modality"] = dict(usage.output_by_modality)
    if usage.cache_read_by_modality:
        rare["cache_read_by_modality"] = dict(usage.cache_read_by_modality)


def _note_payload(payload: Payload, name: str, rare: dict[str, Any]) -> None:
    if payload.blob_sha256 is not None or payload.is_truncated or payload.redactions:
        rare[name] = (payload.size_bytes, dict(payload.redactions), payload.is_truncated, payload.blob_sha256)


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


def session_json(session: Session | None) -> str | None:
    """A session as it stands in a row."""
    if session is None:
        return None
    return encode_json((session.id, session.user_id, session.conversation_id, session.tags))


@lru_cache(maxsize=16)
def _reader_of(kind: type[Any]) -> tuple[tuple[str, ...], Any, tuple[Any, ...]]:
    """Names, a getter of all values at once, and defaults of the fields of a facts class that have no column."""
    columns = _INFERENCE_COLUMNS if kind is InferenceFacts else ()
    own = [field for field in fields(kind) if field.name not in columns]
    return tuple(f.name for f in own), attrgetter(*(f.name for f in own)), tuple(f.default for f in own)


def _set_fields(facts: Any) -> dict[str, Any]:
    """Fields of a facts object that are not at their default. Getting them at once is twice as fast as one by one."""
    names, get_all, defaults = _reader_of(facts.__class__)
    values = get_all(facts)
    if values == defaults:
        return {}
    return {name: value for name, value, default in zip(names, values, defaults) if value is not default}  # noqa: B905
