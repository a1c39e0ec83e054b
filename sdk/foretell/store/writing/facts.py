"""What is known of a call beyond its columns, as one JSON object. CPU only, and for every call: so it is put together by hand.

Each part is text that begins with a comma, and is remembered where many calls have the same.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from json import JSONEncoder
from json.encoder import encode_basestring_ascii as quote
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foretell.model.facts import InferenceFacts
from foretell.model.payload import Payload

if TYPE_CHECKING:
    from datetime import date

    from foretell.model.call import Call
    from foretell.model.facts import AgentTotals, Session
    from foretell.model.usage import Cost, Usage

KNOWN_LIMIT = 1_000
"""So many parts are remembered of each class of facts, then all are made anew: a bound, should facts never repeat."""
_LARGE = 1e300

Reader = tuple[tuple[str, ...], Any, tuple[Any, ...], dict[tuple[Any, ...], str]]
"""Names of a class's fields, a getter of all values at once, the defaults, and the parts that were made before."""


def _name_type(value: object) -> str:
    return f"<{type(value).__name__}>"


# One encoder for all: making it costs more than encoding. Escapes keep lone surrogates away from SQLite.
encode_json = JSONEncoder(separators=(",", ":"), default=_name_type, check_circular=False).encode


def encode_facts(call: Call, session: str) -> str | None:
    """All of a finished call that has no column and is not its default, under the fields' names; None where that is nothing.

    `session` is the part that `session_part` made, shared by all calls of one session.
    """
    text = session
    facts = call.facts
    if facts is not None:
        text += _facts_part(facts)
    if call.identity is not None:
        text += f',"identity":"{call.identity}"' if call.identity.isalnum() else f',"identity":{quote(call.identity)}'
    usage = call.usage
    if usage is not None:
        cached = f"{usage.cache_read},{usage.cache_write}"
        text += f',"usage":[{usage.uncached_input},{cached},{usage.output},{usage.reasoning}]'
    if call.cost is not None:
        text += _cost_part(call.cost)
    if call.totals is not None:
        text += _totals_part(call.totals)
    if call.rss_open_bytes is not None:
        text += f',"rss_open_bytes":{call.rss_open_bytes}'
    if call.rss_close_bytes is not None:
        text += f',"rss_close_bytes":{call.rss_close_bytes}'
    if call.content_exported:
        text += ',"content_exported":true'
    rare = rare_facts(call)
    if rare:
        text += "," + encode_json(rare)[1:-1]
    return "{" + text[1:] + "}" if text else None


def encode_open_facts(call: Call, session: str) -> str | None:
    """The same of an open call; reads only what is set at opening."""
    rare: dict[str, Any] = {}
    if call.span_id != call.id:
        rare["span_id"] = call.span_id
    if call.version is not None:
        rare["version"] = call.version
    if call.rss_open_bytes is not None:
        rare["rss_open_bytes"] = call.rss_open_bytes
    text = session
    if type(call.facts) is InferenceFacts:
        model = {"provider": call.facts.provider, "request_model": call.facts.request_model}
        text += ',"facts":' + encode_json(model)
    if rare:
        text += "," + encode_json(rare)[1:-1]
    return "{" + text[1:] + "}" if text else None


def session_part(session: Session | None) -> str:
    """A session as it stands among the facts; empty where there is none."""
    if session is None:
        return ""
    return ',"session":' + encode_json((session.id, session.user_id, session.conversation_id, session.tags))


def rare_facts(call: Call) -> dict[str, Any]:
    """What few calls have; the names are the fields'."""
    rare: dict[str, Any] = {}
    if call.span_id != call.id:
        rare["span_id"] = call.span_id
    if call.usage is not None:
        _note_usage(call.usage, rare)
    if call.error is not None and call.error.stacktrace:
        rare["stacktrace"] = call.error.stacktrace
    if isinstance(call.kept_input, Payload):
        _note_payload(call.kept_input, "input", rare)
    if isinstance(call.kept_output, Payload):
        _note_payload(call.kept_output, "output", rare)
    if call.rare is not None:
        _note_rare(call, rare)
    if call.version is not None:
        rare["version"] = call.version
    if call.parent_is_remote:
        rare["parent_is_remote"] = True
    if call.trace_flags != 1:
        rare["trace_flags"] = call.trace_flags
    if call.trace_state:
        rare["trace_state"] = call.trace_state
    return rare


def _note_rare(call: Call, rare: dict[str, Any]) -> None:
    if call.attributes:
        rare["attributes"] = call.attributes
    if call.events:
        rare["events"] = [(event.name, event.time_ns, event.fields) for event in call.events]
    if call.links:
        rare["links"] = [(f"{link.trace_id:032x}", f"{link.span_id:016x}", link.fields) for link in call.links]
    for name in ("span_kind", "scope", "title", "dropped"):
        if (value := getattr(call, name)) is not None:
            rare[name] = value


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


def _cost_part(cost: Cost) -> str:
    amount = cost.amount_usd
    text = repr(amount) if type(amount) is float and -_LARGE < amount < _LARGE else encode_json(amount)
    return f',"cost":[{text}{_source_part(cost.source, cost.price_date)}]'


@lru_cache(maxsize=256)
def _source_part(source: str, day: date | None) -> str:
    return "," + encode_json((source, None if day is None else day.isoformat()))[1:-1]


def _totals_part(totals: AgentTotals) -> str:
    cost = totals.cost_usd
    text = repr(cost) if type(cost) is float and -_LARGE < cost < _LARGE else encode_json(cost)
    counts = f"{totals.inference_calls},{totals.tool_calls},{totals.input_tokens},{totals.output_tokens}"
    return f',"totals":[{counts},{text},{totals.unpriced_calls}]'


def _facts_part(facts: Any) -> str:
    """Fields of a facts object that are not at their default. Getting them at once is twice as fast as one by one."""
    kind = facts.__class__
    names, get_all, defaults, known = _reader_of(kind)
    values = get_all(facts)
    try:
        text = known.get(values)
    except TypeError:  # the parameters of a request, the gaps of a stream: seldom the same twice
        text = _write_part(names, values, defaults)
    else:
        if text is None:
            if len(known) >= KNOWN_LIMIT:
                known.clear()
            text = known[values] = _write_part(names, values, defaults)
    if kind is not InferenceFacts or facts.response_id is None:
        return text
    # The one field that differs in each call.
    response_id = '"response_id":' + quote(facts.response_id)
    return f"{text[:-1]},{response_id}}}" if text else f',"facts":{{{response_id}}}'


def _write_part(names: tuple[str, ...], values: tuple[Any, ...], defaults: tuple[Any, ...]) -> str:
    found = {name: value for name, value, default in zip(names, values, defaults, strict=True) if value is not default}
    return ',"facts":' + encode_json(found) if found else ""


@lru_cache(maxsize=16)
def _reader_of(kind: type[Any]) -> Reader:
    own = [field for field in fields(kind) if field.name != "response_id"]
    return tuple(f.name for f in own), attrgetter(*(f.name for f in own)), tuple(f.default for f in own), {}
