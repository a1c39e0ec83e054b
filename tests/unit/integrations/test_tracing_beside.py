"""Where others tell of the same calls: their exporter hears of theirs only, and the record has each call once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from foretell.integrations.tracing import IntegrationTracers
from tests.unit.instrument.listening import listen

AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}
OURS, THEIRS = {"gen_ai.usage.input_tokens": 7}, {"gen_ai.usage.input_tokens": 1}
TWIN = "their-sdk"


@pytest.fixture
def foreign(record):
    """Our processor, and a worker that refines as in earnest."""
    yield from listen(record)


@pytest.fixture
def world(foreign):
    """The application's provider with its exporter and our processor, and a maker of our instrumentor's tracers."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.add_span_processor(foreign)
    doubled = SimpleNamespace(now=True)
    tracers = IntegrationTracers(lambda: provider, lambda: foreign, is_shown=False)

    def get_tracer(*, is_kept=True):
        beside = tracers.beside(lambda: doubled.now, is_kept=is_kept, twins=frozenset([TWIN]))
        return beside.get_tracer("our instrumentor")

    return SimpleNamespace(exporter=exporter, theirs=provider.get_tracer(TWIN), get_tracer=get_tracer, doubled=doubled)


def exported(world):
    """Name of each span that others hear of → its parent's."""
    spans = world.exporter.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: span.parent and names.get(span.parent.span_id, "missing") for span in spans}


def recorded(record):
    """Kind, input tokens and parent's name of each call."""
    calls = record.ended()
    names = {call.span_id: call.name for call in calls}
    return sorted(
        (call.kind.value, call.usage and call.usage.input_tokens, names.get(call.parent_id)) for call in calls
    )


AGENT_CALL, MODEL_CALL = ("agent", None, None), ("llm", 7, "planner")


def test_a_call_inside_theirs_is_ours_in_the_record_and_theirs_elsewhere(world, record):
    """What is started inside ours stands, for others, where it would stand without ours."""
    with (
        world.theirs.start_as_current_span("agent", attributes=AGENT),
        world.theirs.start_as_current_span("their call", attributes={**CHAT, **THEIRS}),
        world.get_tracer().start_as_current_span("our call", attributes={**CHAT, **OURS}),
    ):
        world.theirs.start_span("POST").end()

    assert {"POST": "their call", "their call": "agent", "agent": None} == exported(world)
    assert [AGENT_CALL, MODEL_CALL] == recorded(record)[:2]


def test_a_call_around_theirs_is_ours_in_the_record_too(world, record):
    """An instrumentor that wraps the request, and tells what it is only at its end."""
    with (
        world.theirs.start_as_current_span("agent", attributes=AGENT),
        world.get_tracer().start_as_current_span("our call", attributes={**CHAT, **OURS}),
        world.theirs.start_as_current_span("their call") as theirs,
    ):
        theirs.set_attributes({**CHAT, **THEIRS})

    assert {"their call": "agent", "agent": None} == exported(world)
    assert [AGENT_CALL, MODEL_CALL] == recorded(record)


def test_a_call_around_several_of_theirs_is_one(world, record):
    """A product's own, and what the client tells unasked inside it."""
    with (
        world.theirs.start_as_current_span("agent", attributes=AGENT),
        world.get_tracer().start_as_current_span("our call", attributes={**CHAT, **OURS}),
        world.theirs.start_as_current_span("their call", attributes={**CHAT, **THEIRS}),
    ):
        world.theirs.start_span("the client's", attributes={**CHAT, **THEIRS}).end()

    assert {"the client's": "their call", "their call": "agent", "agent": None} == exported(world)
    assert [AGENT_CALL, MODEL_CALL] == recorded(record)


def test_a_call_beside_theirs_is_one(world, record):
    """Some do not make their span the current one; calls at the same time are as many as there are."""
    tracer = world.get_tracer()
    with world.theirs.start_as_current_span("agent", attributes=AGENT):
        theirs = [world.theirs.start_span(f"their {number}", attributes=CHAT) for number in range(2)]
        for _ in theirs:
            tracer.start_span("our call", attributes={**CHAT, **OURS}).end()
        for span in theirs:
            span.end()

    assert {"their 0": "agent", "their 1": "agent", "agent": None} == exported(world)
    assert [AGENT_CALL, MODEL_CALL, MODEL_CALL] == recorded(record)


def test_a_call_whose_other_span_we_do_not_hear_of_is_in_its_trace(world, record):
    """Theirs has a provider of its own."""
    elsewhere = TracerProvider(shutdown_on_exit=False).get_tracer("their instrumentor")
    with elsewhere.start_as_current_span("their call", attributes=CHAT) as theirs:
        world.get_tracer().start_span("our call", attributes={**CHAT, **OURS}).end()

    (call,) = record.ended()
    assert theirs.get_span_context().trace_id == call.trace_id
    assert {} == exported(world)


def test_where_others_tell_enough_ours_is_silent(world, record):
    with world.theirs.start_as_current_span("agent", attributes=AGENT):
        with world.theirs.start_as_current_span("their call", attributes={**CHAT, **THEIRS}):
            with world.get_tracer(is_kept=False).start_as_current_span("our call", attributes={**CHAT, **OURS}):
                world.theirs.start_span("POST").end()

    assert {"POST": "their call", "their call": "agent", "agent": None} == exported(world)
    assert ("llm", 1, "planner") in recorded(record)


def test_others_that_come_later_are_heard_from_then_on(world, record):
    """It is asked at each call: who instruments first, and when, makes no difference."""
    tracer = world.get_tracer()
    world.doubled.now = False
    tracer.start_span("before", attributes=CHAT).end()
    world.doubled.now = True
    tracer.start_span("after", attributes=CHAT).end()

    assert {"before": None} == exported(world)
    assert 2 == len(record.ended())
