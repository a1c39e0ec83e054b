"""Templates say the same as the long way, whatever a call is like."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from foretell.export.otlp.call_encoder import OUR_PREFIXES, CallEncoder, find_context_limit
from foretell.export.otlp.calls import encode_call
from foretell.export.otlp.events import encode_log_events
from foretell.export.otlp.templates import shape_of
from foretell.model.facts import AgentTotals, ErrorFacts, Event, InferenceFacts, Link, Session, ToolFacts
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage
from foretell.semconv import genai, own
from foretell.semconv.encode import span_attributes
from tests.unit.export.some_calls import START_NS, make_call, make_calls

FACTS = {
    "provider": "anthropic", "operation": "text_completion", "request_model": "m-1", "response_model": "m-1-2026",
    "response_id": "r-1", "finish_reasons": ("stop", "length"), "request": {"temperature": 1, "seed": 5, "stop": ["x"]},
    "output_type": "json", "conversation_is_compacted": True, "is_stream": True, "time_to_first_chunk_s": 0.25,
    "chunk_gaps_s": [0.5], "server_address": "host", "server_port": 443, "dimension_count": 3, "service_tier": "flex",
    "system_fingerprint": "fp", "api_type": "responses", "reported_cost_usd": 0.5,
}  # fmt: skip


def inference(**facts):
    return make_call(Kind.LLM, facts=InferenceFacts(**({"provider": "openai", "request_model": "gpt-4o"} | facts)))


LIKE_OTHERS = [
    *make_calls(),
    *(inference(**{name: value}) for name, value in FACTS.items()),
    inference(is_stream=True, time_to_first_chunk_s=0.25),
    inference(request={"temperature": 1}),
    inference(request={"temperature": 1.0}),
    inference(request={"temperature": True}),
    inference(finish_reasons=["stop"]),
    make_call(Kind.LLM, facts=None),
    make_call(Kind.LLM, usage=None, cost=None),
    make_call(Kind.LLM, usage=Usage(1, 2, 3, 4, 5, is_estimated=True)),
    make_call(Kind.LLM, usage=Usage(1, 2, 3, 4, 5, {"text": 1}, {"audio": 2}, {"image": 3})),
    make_call(Kind.LLM, usage=Usage(2**40, output=2**62), cost=Cost(1.0, "override")),
    make_call(Kind.LLM, cost=Cost(0.5, "override", date(2027, 1, 1))),
    make_call(Kind.LLM, agent_name="planner", parent_id=9, parent_is_remote=True, trace_flags=3, step_index=None),
    make_call(Kind.LLM, name="another", parent_is_remote=False, run_id="f" * 16, trace_id=5),
    make_call(Kind.TOOL, facts=ToolFacts()),
    make_call(Kind.TOOL, facts=ToolFacts("datastore", "c-2", "looks things up"), agent_name="planner"),
    make_call(Kind.TOOL, "naïve \ud800 " + "x" * 200, facts=ToolFacts(call_id="ü" * 300)),
    make_call(Kind.TOOL, facts=None),
    make_call(Kind.AGENT, "", version="1.2", rss_open_bytes=5, rss_close_bytes=2**40),
    make_call(Kind.AGENT, rss_open_bytes=7, totals=AgentTotals(1, 2, 3, 4, 0.5, 6)),
    make_call(Kind.AGENT, totals=AgentTotals(), title="renamed"),
    make_call(Kind.AGENT, dropped=(1, 2, 3), trace_state="a=b", span_kind="server"),
    make_call(Kind.AGENT, attributes={"a": 1}, events=[Event("e", 5, {})], links=[Link(1, 2, {})]),
    make_call(outcome=Outcome.CANCELLED),
    make_call(outcome=Outcome.OK, error=ErrorFacts("ValueError", "handled")),
    make_call(input_payload=Payload('"x"', 3, {"email": 2}), output_payload=Payload("1", 1, is_truncated=True)),
    make_call(input_payload=Payload('"x"', 3), output_payload=Payload("1", 1, blob_sha256="ab" * 32)),
    make_call(session=Session("s", "u", "c", (("team", "blue"), ("team", "red"), ("n", 5)))),
    make_call(session=Session(tags=(("gen_ai.tool.name", "another"),))),
    make_call(session=Session(tags=(("foretell.run.id", "another"), ("other", 1)))),
    make_call(Kind.LLM, session=Session("s-2")),
    *(
        make_call(
            kind,
            content_exported=True,
            input_payload=Payload('{"messages":[{"role":"user","content":"hi"}],"system":"be brief","tools":[]}', 20),
            output_payload=Payload('{"choices":[{"message":{"role":"assistant","content":"ho"}}]}', 20),
        )
        for kind in (Kind.LLM, Kind.AGENT, Kind.TOOL, Kind.RETRIEVER)
    ),
    *(
        make_call(
            kind,
            content_exported=True,
            kept_input='{"messages":[{"content":"naïve","role":"user"}]}'.encode(),
            kept_output=b'{"text":"ho"}',
        )
        for kind in (Kind.LLM, Kind.AGENT, Kind.TOOL, Kind.RETRIEVER)
    ),
    make_call(trace_id=2**128),
    make_call(span_id=2**64 + 1, end_ns=2**70),
    make_call(end_ns=None),
    make_call(start_ns=-5),
]  # fmt: skip


def read(span, size, records):
    """Everything in a span and its log records, attributes in any order."""
    assert size == len(b"".join(span))
    (span,) = ScopeSpans.FromString(b"".join(span)).spans
    found = {pair.key: pair.value for pair in span.attributes}
    assert len(found) == len(span.attributes)
    span.ClearField("attributes")
    logs = []
    for record in ScopeLogs.FromString(b"".join(records)).log_records:
        logs.append({pair.key: pair.value for pair in record.attributes})
        record.ClearField("attributes")
        logs.append(record)
    return found, span, logs


def read_long_way(call, attributes):
    """The same of what no template was used for."""
    span = encode_call(call, attributes)
    return read([span], len(span), encode_log_events(call, attributes))


def window(provider, model):
    return 1_000 if model == "gpt-4o" else None


@pytest.mark.parametrize("number", range(len(LIKE_OTHERS)))
def test_a_template_says_what_the_long_way_says(number):
    """For the first call of a shape, and for those after it."""
    call = LIKE_OTHERS[number]
    attributes = span_attributes(call, find_context_limit(call, window))
    expected = read_long_way(call, attributes)
    encoder = CallEncoder(window, has_events=True)

    assert [expected, expected] == [read(*encoder.encode(call)) for _ in range(2)]


def test_one_encoder_for_all_of_them_mixes_nothing_up():
    """Whatever came before, each call is encoded as if it were the first."""
    encoder = CallEncoder(window, has_events=True)
    for call in (*LIKE_OTHERS, *reversed(LIKE_OTHERS)):
        attributes = span_attributes(call, find_context_limit(call, window))

        assert read_long_way(call, attributes) == read(*encoder.encode(call))


def test_without_events_there_are_none():
    """Where no logs are sent."""
    assert () == CallEncoder().encode(make_call(Kind.LLM))[2]


def test_every_fact_is_part_of_a_shape_or_of_its_gaps():
    """A field that is new here must be looked at there."""
    assert set(FACTS) == {field.name for field in fields(InferenceFacts)}
    assert {"type", "call_id", "description"} == {field.name for field in fields(ToolFacts)}


def test_a_name_that_a_tag_may_not_take_is_known_by_its_beginning():
    """Of all that a span of ours may say."""
    names = {value for table in (genai, own) for name, value in vars(table).items() if name.isupper()}
    ours = {name for name in names if isinstance(name, str) and "." in name and " " not in name}

    assert set() == {name for name in ours if not name.startswith((*OUR_PREFIXES, "exception.", "mcp."))}


def test_unusual_calls_have_no_shape():
    """They take the long way."""
    assert shape_of(make_call(number=1)) is not None
    assert shape_of(make_call(attributes={"a": 1}, start_ns=START_NS)) is None


@pytest.mark.parametrize("role", ["user", "ro\u00e4le", ""])
def test_messages_of_every_length_are_encoded_alike(role):
    """Each length says in how many bytes the next one is said."""
    for size in (*range(140), *range(16_200, 16_400)):
        texts = [{"role": role or "x", "content": "y" * size}, {"role": role or "x", "content": "ä\ud800" * 5}]
        body = json.dumps({"messages": texts})
        call = make_call(Kind.LLM, content_exported=True, input_payload=Payload(body, len(body)))
        attributes = span_attributes(call)
        expected = read_long_way(call, attributes)

        assert expected == read(*CallEncoder(has_events=True).encode(call))
