"""Encodes the commonest calls from templates: bytes of all that calls of one shape share, with gaps for what differs.

A template is made of what `semconv` says about the first call of its shape, so that the names stand there alone. Whatever is
unusual about a call (an error, events, attributes of the user's, redactions) takes the long way, in `call_encoder`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from struct import Struct
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.wire import attributes_field, double_start, int_pair, string_pair, text, varint
from foretell.model.facts import InferenceFacts, ToolFacts
from foretell.model.kinds import AGENT, LLM, OK, TOOL, Kind
from foretell.model.payload import Payload
from foretell.semconv import genai, own
from foretell.semconv.encode import SPAN_KINDS, span_kind, span_name
from foretell.semconv.spans import DETAILS

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.semconv.openings import Attributes

SHAPE_LIMIT = 1_000
"""So many templates are kept, then all are made anew: a bound, should names never repeat."""

DIFFERS = frozenset(
    {
        own.RUN_ID, own.STEP_INDEX, own.COST_AMOUNT, own.CONTEXT_UTILIZATION, own.PROCESS_RSS, genai.USAGE_INPUT,
        genai.USAGE_OUTPUT, genai.USAGE_CACHE_READ, genai.USAGE_CACHE_WRITE, genai.USAGE_REASONING, genai.RESPONSE_ID,
        genai.RESPONSE_TIME_TO_FIRST_CHUNK, genai.TOOL_CALL_ID, genai.SESSION_ID, genai.USER_ID, genai.CONVERSATION_ID,
        genai.SYSTEM_INSTRUCTIONS, genai.INPUT_MESSAGES, genai.OUTPUT_MESSAGES, genai.TOOL_DEFINITIONS,
        genai.TOOL_ARGUMENTS, genai.TOOL_RESULT,
    }
)  # fmt: skip
"""Attributes that are no part of a shape."""

_pack_ids = Struct(">H16sHQ").pack
_pack_parent = Struct(">HQ").pack
_pack_times_flags = Struct("<QBQHIB").pack
_pack_log_times = Struct("<BQBQ").pack
_pack_log_flags_ids = Struct("<BIH16sHQ").pack
_pack_double = Struct("<d").pack
_shared_facts = attrgetter(
    "provider", "operation", "request_model", "response_model", "finish_reasons", "is_stream", "api_type", "output_type",
    "conversation_is_compacted", "server_address", "server_port", "service_tier", "system_fingerprint",
)  # fmt: skip

Shape = tuple[Any, ...]
"""Everything that two calls must have in common to share a template; its first item is the kind."""
_UNUSUAL = frozenset(("attributes", "dropped", "events", "links", "span_kind", "title"))
"""What of a call's `rare` stands on its span."""


def shape_of(call: Call) -> Shape | None:
    """The shape of a call, None where it is unusual."""
    if (
        call.outcome is not OK
        or call.error is not None
        or call.trace_state
        or (call.rare is not None and not _UNUSUAL.isdisjoint(call.rare))
        or (type(call.kept_input) is Payload and _is_unusual(call.kept_input))
        or (type(call.kept_output) is Payload and _is_unusual(call.kept_output))
    ):
        return None
    shape_of_kind = _SHAPES.get(call.kind)
    return None if shape_of_kind is None else shape_of_kind(call)


def _is_unusual(payload: Payload) -> bool:
    return bool(payload.redactions) or payload.is_truncated or payload.blob_sha256 is not None


def _shape_of_inference(call: Call) -> Shape | None:
    facts, usage, cost = call.facts, call.usage, call.cost
    if type(facts) is not InferenceFacts:
        return None
    request: Any = None
    if facts.request:
        # 1, 1.0 and True are equal, and encoded differently.
        request = (*facts.request.items(), *map(type, facts.request.values()))
    if usage is not None and (usage.input_by_modality or usage.output_by_modality or usage.cache_read_by_modality):
        return None
    price = None if cost is None else (cost.source, cost.price_date)
    return (
        LLM, _shared_facts(facts), call.agent_name, price, None if usage is None else usage.is_estimated, request
    )  # fmt: skip


def _shape_of_tool(call: Call) -> Shape | None:
    facts = call.facts
    if type(facts) is not ToolFacts:
        return None
    return TOOL, call.name, call.agent_name, facts.type, facts.description


def _shape_of_agent(call: Call) -> Shape:
    return AGENT, call.name, call.version


_SHAPES: dict[Kind, Callable[[Call], Shape | None]] = {
    LLM: _shape_of_inference,
    TOOL: _shape_of_tool,
    AGENT: _shape_of_agent,
}


class Template:
    """What the spans, and the details events, of one shape share."""

    __slots__ = ("_context_limit", "_event", "_event_name", "_kind", "_span")

    def __init__(self, call: Call, attributes: Attributes) -> None:
        """Take it from the first call of its shape and its span's `attributes`."""
        shared = {name: value for name, value in attributes.items() if name not in DIFFERS}
        self._kind = bytes((0x30, SPAN_KINDS[span_kind(call)], 0x39))
        self._span = text(span_name(call)) + attributes_field(b"\x4a", shared)
        self._event = b""
        self._event_name = b"\x62" + text(DETAILS.name)
        if call.kind is LLM:
            severity = bytes((0x10, DETAILS.severity_number or 0, 0x1A)) + text(DETAILS.severity or "")
            self._event = severity + b"\x2a\x00" + attributes_field(b"\x32", shared)
        self._context_limit: int = attributes.get(own.CONTEXT_LIMIT, 0)

    def list_gaps(self, call: Call) -> list[bytes]:
        """Encode the attributes of a call that are not shared, but for its run's."""
        pairs: list[bytes] = []
        if call.step_index is not None:
            pairs.append(int_pair(own.STEP_INDEX, call.step_index))
        kind = call.kind
        if kind is LLM:
            self._add_inference(call, pairs)
        elif kind is AGENT:
            _add_agent(call, pairs)
        elif call.facts.call_id is not None:  # type: ignore[union-attr]  # a tool's, as its shape says
            pairs.append(string_pair(genai.TOOL_CALL_ID, call.facts.call_id))  # type: ignore[union-attr]
        return pairs

    def list_span(
        self, call: Call, trace_id: bytes, pairs: list[bytes], flags: int, contents: Sequence[bytes] = ()
    ) -> tuple[list[bytes], int]:
        """The whole span as a field of a scope, in pieces, and their size.

        `pairs` are attributes, `contents` the pieces of fields. Raises `struct.error` for ids or times that OTLP cannot hold.
        """
        parent_id = call.parent_id
        ids = _pack_ids(0x0A10, trace_id, 0x1208, call.span_id)
        if parent_id is not None:
            ids += _pack_parent(0x2208, parent_id)
        times = _pack_times_flags(call.start_ns, 0x41, call.end_ns, 0x0185, flags, 0x2A)
        size = len(ids) + len(self._kind) + len(times) + len(self._span) + sum(map(len, pairs)) + len(pairs)
        if contents:
            size += sum(map(len, contents))
        head = b"\x12" + varint(size)
        start = b"".join((head, ids, self._kind, times, self._span))
        return [b"\x4a".join((start, *pairs)), *contents], len(head) + size

    def join_event(self, call: Call, trace_id: bytes, pairs: list[bytes]) -> bytes:
        """The details event, of an inference only, as a field of a scope."""
        end_ns = call.end_ns
        body = b"".join(
            (
                _pack_log_times(0x09, end_ns, 0x59, end_ns),
                self._event,
                b"\x32",
                b"\x32".join(pairs),
                b"\x45",
                call.trace_flags.to_bytes(4, "little"),
                b"\x4a\x10",
                trace_id,
                b"\x52\x08",
                call.span_id.to_bytes(8, "big"),
                self._event_name,
            )
        )
        return b"\x12" + varint(len(body)) + body

    def _add_inference(self, call: Call, pairs: list[bytes]) -> None:
        facts: InferenceFacts = call.facts  # type: ignore[assignment]  # as its shape says
        if facts.response_id is not None:
            pairs.append(string_pair(genai.RESPONSE_ID, facts.response_id))
        if facts.is_stream and facts.time_to_first_chunk_s is not None:
            pairs.append(_FIRST_CHUNK + _pack_double(facts.time_to_first_chunk_s))
        if call.cost is not None:
            pairs.append(_COST + _pack_double(call.cost.amount_usd))
        usage = call.usage
        if usage is None:
            return
        given = usage.uncached_input + usage.cache_read + usage.cache_write
        made = usage.output + usage.reasoning
        pairs.append(int_pair(genai.USAGE_INPUT, given))
        pairs.append(int_pair(genai.USAGE_OUTPUT, made))
        if usage.cache_read:
            pairs.append(int_pair(genai.USAGE_CACHE_READ, usage.cache_read))
        if usage.cache_write:
            pairs.append(int_pair(genai.USAGE_CACHE_WRITE, usage.cache_write))
        if usage.reasoning:
            pairs.append(int_pair(genai.USAGE_REASONING, usage.reasoning))
        if self._context_limit:
            pairs.append(_UTILIZATION + _pack_double((given + made) / self._context_limit))


_FIRST_CHUNK = double_start(genai.RESPONSE_TIME_TO_FIRST_CHUNK)
_COST = double_start(own.COST_AMOUNT)
_UTILIZATION = double_start(own.CONTEXT_UTILIZATION)


def _add_agent(call: Call, pairs: list[bytes]) -> None:
    totals = call.totals
    if totals is not None and (totals.input_tokens or totals.output_tokens):
        pairs.append(int_pair(genai.USAGE_INPUT, totals.input_tokens))
        pairs.append(int_pair(genai.USAGE_OUTPUT, totals.output_tokens))
    rss_bytes = call.rss_open_bytes if call.rss_close_bytes is None else call.rss_close_bytes
    if rss_bytes is not None:
        pairs.append(int_pair(own.PROCESS_RSS, rss_bytes))
