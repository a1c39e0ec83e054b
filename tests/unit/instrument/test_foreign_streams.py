"""Streams of other instrumentors that ended early: no failure of theirs, and tokens by what had arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, Tracer

import foretell
from foretell.instrument.otel.foreign import ForeignSpans
from foretell.model.kinds import Outcome
from foretell.model.usage import Usage
from tests.unit.instrument.listening import listen

CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.request.stream": True,
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "12345678"}]}]),
}
CUT: dict[str, Any] = {
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "1234"}]}]),
    "gen_ai.response.finish_reasons": ["error"],
}
ESTIMATED = Usage(uncached_input=2, output=1, is_estimated=True)


@pytest.fixture
def foreign(record: Any) -> Iterator[ForeignSpans]:
    """The processor, and a worker that refines as in earnest."""
    yield from listen(record)


@pytest.fixture
def tracer(foreign: ForeignSpans) -> Tracer:
    """A tracer of another instrumentor."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(foreign)
    return provider.get_tracer("opentelemetry.instrumentation.genai.openai", "0.1")


def give_up(tracer: Tracer) -> None:
    """Read half of a stream, as the instrumentor tells it."""
    with tracer.start_as_current_span("chat", attributes=CHAT) as span:
        span.set_attributes(CUT)


def test_a_stream_that_was_given_up_has_estimated_tokens_and_an_estimated_cost(record: Any, tracer: Tracer) -> None:
    give_up(tracer)

    (call,) = record.ended()
    assert (Outcome.OK, (), ESTIMATED) == (call.outcome, call.facts.finish_reasons, call.usage)
    assert (2 * 0.15 + 0.6) / 1e6 == pytest.approx(call.cost.amount_usd)


def test_a_decorated_call_around_it_has_the_same_estimate(record: Any, tracer: Tracer) -> None:
    """And so has its agent."""
    with foretell.agent("a"), foretell.llm(provider="openai", model="gpt-4o-mini"):
        give_up(tracer)

    agent, call = sorted(record.ended(), key=lambda each: each.start_ns)
    assert ESTIMATED == call.usage
    assert (2, 1) == (agent.totals.input_tokens, agent.totals.output_tokens)


def test_a_stream_that_nobody_closed_did_not_fail(record: Any, tracer: Tracer) -> None:
    """Theirs call it an error when the garbage is collected; a loop that breaks is none."""
    with tracer.start_as_current_span("chat", attributes={**CHAT, **CUT}) as span:
        span.set_attribute("error.type", "_OTHER")
        span.set_status(Status(StatusCode.ERROR, "abandoned stream"))

    (call,) = record.ended()
    assert (Outcome.OK, None, ESTIMATED) == (call.outcome, call.error, call.usage)


@pytest.mark.parametrize(("kind", "words"), [("GeneratorExit", ""), ("_OTHER", "abandoned stream")])
def test_nor_did_an_agent_whose_pieces_nobody_reads_on(record: Any, tracer: Tracer, kind: str, words: str) -> None:
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "error.type": kind}
    with tracer.start_as_current_span("invoke_agent a", attributes=about) as span:
        span.set_status(Status(StatusCode.ERROR, words))

    (agent,) = record.ended()
    assert (Outcome.OK, None) == (agent.outcome, agent.error)


def test_a_stream_that_broke_has_failed_and_has_tokens(record: Any, tracer: Tracer) -> None:
    """What had arrived is paid for."""
    with tracer.start_as_current_span("chat", attributes={**CHAT, **CUT}) as span:
        span.set_attribute("error.type", "openai.APIConnectionError")
        span.set_status(Status(StatusCode.ERROR, "Connection error."))

    (call,) = record.ended()
    assert (Outcome.ERROR, ESTIMATED) == (call.outcome, call.usage)


def test_what_is_not_captured_still_counts(record: Any, tracer: Tracer, foreign: ForeignSpans) -> None:
    """The counts are kept, the texts are not."""
    assert foreign.runtime is not None
    foreign.runtime.capture.inputs = foreign.runtime.capture.outputs = False
    give_up(tracer)

    (call,) = record.ended()
    assert (ESTIMATED, None, None) == (call.usage, call.input_payload, call.output_payload)
