"""Spans of the instrumentors that we switch on: their contents are ours alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

import foretell
from foretell.instrument import state
from foretell.instrument.otel.foreign import ForeignSpans
from foretell.integrations.capturing import OTEL_CAPTURE, choose_variables, wants_content_on_spans
from foretell.integrations.integration import Origin
from foretell.integrations.tracing import IntegrationTracers

SECRET = "what nobody else may read"
MESSAGES = f'[{{"role":"user","parts":[{{"type":"text","content":"{SECRET}"}}]}}]'
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}


@pytest.fixture
def world(record):
    """The application's provider and its exporter, our processor on it, and a maker of tracers for instrumentors."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    foreign = ForeignSpans()
    foreign.runtime = state.current
    provider.add_span_processor(foreign)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def get_tracer(*, is_shown=False):
        return IntegrationTracers(lambda: provider, lambda: foreign, is_shown=is_shown).get_tracer("instrumentor")

    return SimpleNamespace(exporter=exporter, get_tracer=get_tracer)


def read(record):
    """The one call, read from its span."""
    (call,) = record.ended()
    return call


def test_contents_are_in_the_record_and_on_no_span(world, record):
    """By whichever way, at the start or later, and by whichever name, an instrumentor tells them."""
    tracer = world.get_tracer()
    with tracer.start_as_current_span("chat", attributes={**CHAT, "gen_ai.input.messages": MESSAGES}) as span:
        span.set_attribute("gen_ai.completion.0.content", SECRET)
        span.set_attributes({"traceloop.entity.input": SECRET, "gen_ai.usage.input_tokens": 7})
        span.add_event("gen_ai.user.message", {"gen_ai.prompt": SECRET, "kept": 1})

    (exported,) = world.exporter.get_finished_spans()
    call = read(record)
    assert {**CHAT, "gen_ai.usage.input_tokens": 7} == dict(exported.attributes)
    assert [{"kept": 1}] == [dict(event.attributes) for event in exported.events]
    assert SECRET in str(call.input.value)
    assert 7 == call.usage.input_tokens


def test_what_the_program_asked_for_stays_on_its_spans(world, record):
    """Its exporters get it as before; the record has it too."""
    tracer = world.get_tracer(is_shown=True)
    tracer.start_span("chat", attributes={**CHAT, "gen_ai.input.messages": MESSAGES}).end()

    (exported,) = world.exporter.get_finished_spans()
    assert MESSAGES == exported.attributes["gen_ai.input.messages"]
    assert SECRET in str(read(record).input.value)


def test_spans_name_the_session_around_them(world, record):
    """Other back-ends group them as we do; what the instrumentor knows itself wins."""
    tracer = world.get_tracer()
    with foretell.session("s-1", user_id="u-1", conversation_id="c-1"):
        tracer.start_span("chat", attributes=CHAT).end()
        tracer.start_span("chat", attributes={**CHAT, "gen_ai.conversation.id": "own"}).end()

    first, second = world.exporter.get_finished_spans()
    assert ("c-1", "s-1", "u-1") == tuple(
        first.attributes[name] for name in ("gen_ai.conversation.id", "session.id", "user.id")
    )
    assert "own" == second.attributes["gen_ai.conversation.id"]


def test_a_span_is_a_span_in_every_other_way(world, record):
    """Current inside its block, with its name, status, links and exceptions."""
    with pytest.raises(ValueError, match="no"), world.get_tracer().start_as_current_span("a", attributes=CHAT) as span:
        assert span is get_current_span()
        span.update_name("b")
        raise ValueError("no")

    (exported,) = world.exporter.get_finished_spans()
    assert ("b", StatusCode.ERROR, ["exception"]) == (
        exported.name,
        exported.status.status_code,
        [event.name for event in exported.events],
    )


@pytest.mark.parametrize(
    ("origin", "has_content", "asked", "expected"),
    [
        (Origin.OTEL, True, "", {OTEL_CAPTURE: "SPAN_ONLY"}),
        (Origin.OTEL, True, "EVENT_ONLY", {OTEL_CAPTURE: "SPAN_AND_EVENT"}),
        (Origin.OTEL, True, "span_only", {}),
        (Origin.OTEL, False, "", {}),
        (Origin.OTEL, False, "SPAN_ONLY", {}),
        (Origin.OPENINFERENCE, True, "", {}),
        (
            Origin.OPENINFERENCE,
            False,
            "",
            {"OPENINFERENCE_HIDE_INPUTS": "true", "OPENINFERENCE_HIDE_OUTPUTS": "true"},
        ),
    ],
)
def test_instrumentors_are_told_to_capture_beside_what_the_program_chose(origin, has_content, asked, expected):
    """Its events stay, its spans have what it asked for, and with `content="none"` nothing is asked for."""
    wiring = SimpleNamespace(has_content=has_content, environment={OTEL_CAPTURE: asked} if asked else {})

    assert expected == choose_variables(origin, wiring)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({OTEL_CAPTURE: "EVENT_ONLY"}, False),
        ({OTEL_CAPTURE: "SPAN_AND_EVENT"}, True),
        ({"TRACELOOP_TRACE_CONTENT": "true"}, True),
    ],
)
def test_only_what_is_said_counts_as_asked_for(environment, expected):
    """A default of one instrumentor is nobody's decision."""
    assert expected == wants_content_on_spans(environment)
