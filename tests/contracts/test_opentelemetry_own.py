"""Where the application has no provider: ours, with the official processors and exporters on it, through OpenTelemetry's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.contracts.collector import Collector
from tests.contracts.otel_programs import run_program

pytestmark = pytest.mark.slow

PROCESSORS = ("SimpleSpanProcessor(exporter)", "BatchSpanProcessor(exporter)")


def spans_of(collector: Collector) -> dict[str, Any]:  # OTLP spans
    """The spans that the collector got, by name."""
    requests = [ExportTraceServiceRequest.FromString(body) for path, _, body in collector.requests if "traces" in path]
    return {
        span.name: span for r in requests for group in r.resource_spans for s in group.scope_spans for span in s.spans
    }


@pytest.mark.parametrize("flush", ["foretell.flush()", "trace.get_tracer_provider().force_flush()"])
@pytest.mark.parametrize("processor", PROCESSORS)
def test_official_processors_get_our_spans_complete(tmp_path: Path, processor: str, flush: str) -> None:
    """After a flush an exporter of the official SDK has every span, ours and theirs, with cost, as JSON too."""
    answer = run_program(
        tmp_path,
        f"""
foretell.init("shop")
trace.get_tracer_provider().add_span_processor({processor})
tracer = trace.get_tracer("app")
with tracer.start_as_current_span("request"):
    planner(lambda: tracer.start_span("query").end())
{flush}
chat = exported()["chat gpt-4o-mini"]
tell(parents=parents(), cost=chat.attributes["foretell.cost.amount"], limit=chat.attributes["foretell.context.limit"],
     json=json.loads(chat.to_json()), service=chat.resource.attributes["service.name"],
     scope=[chat.instrumentation_scope.name, chat.instrumentation_scope.version], kind=chat.kind.name)
""",
    )

    assert {
        "request": None,
        "invoke_agent planner": "request",
        "chat gpt-4o-mini": "invoke_agent planner",
        "query": "invoke_agent planner",
    } == answer["parents"]
    assert 0.00021 == pytest.approx(answer["cost"])
    assert 128000 == answer["limit"]
    assert ("chat gpt-4o-mini", 1000) == (
        answer["json"]["name"],
        answer["json"]["attributes"]["gen_ai.usage.input_tokens"],
    )
    assert ("shop", "CLIENT", "foretell") == (answer["service"], answer["kind"], answer["scope"][0])
    assert answer["scope"][1]


def test_a_processor_hears_of_the_start_on_the_callers_thread_and_may_add_to_the_span(tmp_path: Path) -> None:
    """At the start it sees name and first attributes; the end it hears from the worker, once."""
    answer = run_program(
        tmp_path,
        """
import threading
from opentelemetry.sdk.trace import SpanProcessor
seen = []
class Witness(SpanProcessor):
    def on_start(self, span, parent_context=None):
        span.set_attribute("tenant", "t-1")
        seen.append(("start", span.name, threading.current_thread() is threading.main_thread(), span.is_recording()))
    def on_end(self, span):
        seen.append(("end", span.name, span.attributes.get("tenant"), span.end_time >= span.start_time))
foretell.init()
trace.get_tracer_provider().add_span_processor(Witness())
planner()
foretell.flush()
tell(seen=seen, stored=stored()["planner"].attributes)
""",
    )

    assert [
        ["start", "invoke_agent planner", True, True],
        ["start", "chat gpt-4o-mini", True, True],
        ["end", "chat gpt-4o-mini", "t-1", True],
        ["end", "invoke_agent planner", "t-1", True],
    ] == answer["seen"]
    assert {"tenant": "t-1"} == answer["stored"]


def test_a_processor_that_fails_disturbs_nobody(tmp_path: Path) -> None:
    """The program goes on, the next processor hears of everything, and the fault is counted."""
    code = """
from opentelemetry.sdk.trace import SpanProcessor
class Broken(SpanProcessor):
    def on_start(self, span, parent_context=None):
        raise RuntimeError("start")
    def on_end(self, span):
        raise RuntimeError("end")
from foretell import errors
errors.FAULTS._say = lambda line: None
foretell.init()
provider = trace.get_tracer_provider()
provider.add_span_processor(Broken())
provider.add_span_processor(SimpleSpanProcessor(exporter))
result = planner()
foretell.flush()
tell(result=result, spans=len(exported()), faults=faults())
"""

    answer = run_program(tmp_path, code)

    assert ("done", 2) == (answer["result"], answer["spans"])
    assert {"processor.start": 2, "processor": 2} == answer["faults"]


def test_the_official_exporter_and_ours_send_the_same_spans(tmp_path: Path) -> None:
    """The official OTLP exporter on our provider sends what our own encoder sends: ids, attributes, flags, events."""
    official, own = Collector(), Collector()
    try:
        run_program(
            tmp_path,
            f"""
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
foretell.init(otlp_endpoint="{own.url}")
trace.get_tracer_provider().add_span_processor(BatchSpanProcessor(OTLPSpanExporter("{official.url}/v1/traces")))
def work():
    span = trace.get_current_span()
    for n in range(200):
        span.set_attribute(f"key-{{n}}", n)
    span.add_event("noticed", {{"n": 1}})
    span.add_link(trace.SpanContext(1, 2, True), {{"why": "x"}})
planner(work)
foretell.shutdown()
""",
        )
    finally:
        official.close()
        own.close()

    theirs, ours = spans_of(official), spans_of(own)
    assert set(theirs) == set(ours)
    for name, span in ours.items():
        their = theirs[name]
        assert (their.trace_id, their.span_id, their.parent_span_id) == (
            span.trace_id,
            span.span_id,
            span.parent_span_id,
        )
        assert {a.key: str(a.value) for a in their.attributes} == {a.key: str(a.value) for a in span.attributes}
        assert [event.name for event in their.events] == [event.name for event in span.events]
        assert len(their.links) == len(span.links)
        assert their.dropped_attributes_count == span.dropped_attributes_count
        assert their.flags & 0x300 == span.flags & 0x300
    assert 72 == ours["invoke_agent planner"].dropped_attributes_count


def test_foreign_spans_are_exported_under_their_own_scope(tmp_path: Path) -> None:
    """What other instrumentors tell leaves under their name, what is no agent's work included."""
    collector = Collector()
    try:
        run_program(
            tmp_path,
            f"""
foretell.init(otlp_endpoint="{collector.url}")
with trace.get_tracer("web").start_as_current_span("GET /"):
    planner(lambda: trace.get_tracer("db").start_span("query").end())
tell(stored=sorted(stored()))
foretell.shutdown()
""",
        )
    finally:
        collector.close()

    requests = [ExportTraceServiceRequest.FromString(body) for path, _, body in collector.requests if "traces" in path]
    scopes = {
        (scoped.scope.name, span.name, any(a.key == "foretell.run.id" for a in span.attributes))
        for request in requests
        for group in request.resource_spans
        for scoped in group.scope_spans
        for span in scoped.spans
    }
    assert {
        ("web", "GET /", False),
        ("db", "query", True),
        ("foretell", "chat gpt-4o-mini", True),
        ("foretell", "invoke_agent planner", True),
    } == scopes


def test_a_parent_far_away_is_marked_as_remote_on_the_wire(tmp_path: Path) -> None:
    """The flags of an operation say that its parent is in another process, those of the next that it is not."""
    collector = Collector()
    try:
        run_program(
            tmp_path,
            f"""
from opentelemetry.propagate import extract
from opentelemetry.context import attach
foretell.init(otlp_endpoint="{collector.url}")
attach(extract({{"traceparent": "00-{"ab" * 16}-{"cd" * 8}-01", "tracestate": "vendor=1"}}))
planner()
foretell.shutdown()
""",
        )
    finally:
        collector.close()

    spans = spans_of(collector)
    assert 0x301 == spans["invoke_agent planner"].flags
    assert 0x101 == spans["chat gpt-4o-mini"].flags
    assert {"vendor=1"} == {span.trace_state for span in spans.values()}


@pytest.mark.parametrize(
    ("sampler", "argument"),
    [("always_off", ""), ("traceidratio", "0"), ("parentbased_traceidratio", "0.0"), ("parentbased_always_off", "")],
)
def test_an_unsampled_trace_is_recorded_and_not_exported(tmp_path: Path, sampler: str, argument: str) -> None:
    """OTEL_TRACES_SAMPLER takes spans off the wire; store, sums and foreign model calls are complete."""
    collector = Collector()
    try:
        answer = run_program(
            tmp_path,
            """
foretell.init()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
tracer = trace.get_tracer("openinference.instrumentation.openai")
def work():
    with tracer.start_as_current_span("ChatCompletion", attributes={"openinference.span.kind": "LLM"}) as span:
        span.set_attributes({"llm.model_name": "gpt-4o-mini", "llm.provider": "openai", "llm.token_count.prompt": 7})
planner(work)
calls = stored()
tell(exported=len(exported()), tokens=calls["planner"].totals.input_tokens, names=sorted(calls))
foretell.shutdown()
""",
            OTEL_TRACES_SAMPLER=sampler,
            OTEL_TRACES_SAMPLER_ARG=argument,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        )
    finally:
        collector.close()

    assert (0, 1007, ["gpt-4o-mini", "planner"]) == (answer["exported"], answer["tokens"], answer["names"])
    assert {} == spans_of(collector)
    assert "/v1/metrics" in {path for path, _, _ in collector.requests}


def test_the_limits_of_the_environment_hold_for_what_users_add(tmp_path: Path) -> None:
    """Counts and lengths are cut, what was dropped is told, and none of our own names is lost."""
    answer = run_program(
        tmp_path,
        """
foretell.init()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
def work():
    span = trace.get_current_span()
    for n in range(10):
        span.set_attribute(f"key-{n}", "x" * 100)
        span.add_event(f"event-{n}", {"text": "y" * 100})
        span.add_link(trace.SpanContext(1, n + 1, True))
planner(work)
foretell.flush()
span, call = exported()["invoke_agent planner"], stored()["planner"]
mine = {key: value for key, value in span.attributes.items() if key.startswith("key-")}
tell(mine=mine, ours=span.attributes["gen_ai.agent.name"], events=[dict(e.attributes) for e in span.events],
     links=len(span.links), dropped=[span.dropped_attributes, span.dropped_events, span.dropped_links],
     stored=call.dropped)
""",
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="3",
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT="5",
        OTEL_SPAN_EVENT_COUNT_LIMIT="2",
        OTEL_SPAN_LINK_COUNT_LIMIT="1",
    )

    assert {f"key-{n}": "xxxxx" for n in range(3)} == answer["mine"]
    assert "planner" == answer["ours"]
    assert ([{"text": "yyyyy"}] * 2, 1) == (answer["events"], answer["links"])
    assert [7, 8, 9] == answer["dropped"] == answer["stored"]


def test_tracers_follow_through_shutdown_and_a_new_init(tmp_path: Path) -> None:
    """A tracer obtained at the beginning does nothing after `shutdown()` and works again after `init()`."""
    answer = run_program(
        tmp_path,
        """
early = trace.get_tracer("early")
foretell.init()
tracer = trace.get_tracer("app")
seen = []
def look():
    with early.start_as_current_span("a") as first, tracer.start_as_current_span("b") as second:
        seen.append([first.is_recording(), second.is_recording(), second.get_span_context().is_valid])
look()
foretell.shutdown()
look()
with foretell.agent("nothing") as op:
    seen.append(bool(op))
foretell.init()
look()
planner()
tell(seen=seen, stored=sorted(stored()))
""",
    )

    assert [[True, True, True], [False, False, False], False, [True, True, True]] == answer["seen"]
    assert ["gpt-4o-mini", "planner"] == answer["stored"]


def test_a_provider_that_comes_after_shutdown_is_not_refused(tmp_path: Path) -> None:
    """OpenTelemetry lets nobody take our shell out again; so the application's provider goes into it, even then."""
    answer = run_program(
        tmp_path,
        """
tracer = trace.get_tracer("app")
foretell.init()
foretell.shutdown()
trace.set_tracer_provider(make_provider())
with tracer.start_as_current_span("theirs"):
    pass
trace.get_tracer_provider().shutdown()
tell(exported=list(exported()))
""",
    )

    assert ["theirs"] == answer["exported"]
    assert "not allowed" not in answer.stderr


def test_the_last_spans_reach_the_processors_at_shutdown_and_at_exit(tmp_path: Path) -> None:
    """Neither `shutdown()` nor the end of a program that says nothing loses a span on the way to a processor."""
    code = """
foretell.init()
from opentelemetry.sdk.trace.export import ConsoleSpanExporter
trace.get_tracer_provider().add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda s: json.dumps({"name": s.name}) + "\\n")))
planner()
"""

    for end in ("", "foretell.shutdown()", "trace.get_tracer_provider().shutdown()"):
        assert {"name": "invoke_agent planner"} == run_program(tmp_path, code + end).told, end


def test_a_tracers_block_decorates_functions_and_coroutines(tmp_path: Path) -> None:
    """`start_as_current_span` as a decorator, also where it was applied before `init()`, spans each call."""
    answer = run_program(
        tmp_path,
        """
import asyncio
foretell.init()
tracer = trace.get_tracer("app")
@tracer.start_as_current_span("plain")
def plain():
    return trace.get_current_span().name
@tracer.start_as_current_span("awaited")
async def awaited():
    await asyncio.sleep(0)
    return trace.get_current_span().name
first = [plain(), asyncio.run(awaited()), plain()]
trace.set_tracer_provider(make_provider())
tell(names=[*first, plain()], exported=list(exported()))
""",
    )

    assert ["plain", "awaited", "plain", "plain"] == answer["names"]
    assert ["plain"] == answer["exported"]
