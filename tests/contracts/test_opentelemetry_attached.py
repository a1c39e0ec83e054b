"""An application with OpenTelemetry of its own: its provider, its exporter, its sampler, its metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.collector import Collector
from tests.contracts.otel_programs import run_program

pytestmark = pytest.mark.slow

BEFORE = "trace.set_tracer_provider(make_provider()); foretell.init()"
AFTER = "foretell.init(); trace.set_tracer_provider(make_provider())"
BY_NAME = """
from opentelemetry.trace import set_tracer_provider
foretell.init()
set_tracer_provider(make_provider())
"""
ORDERS = pytest.mark.parametrize("set_up", [BEFORE, AFTER, BY_NAME], ids=["before", "after", "imported-by-name"])


@ORDERS
def test_spans_nest_in_both_directions(tmp_path: Path, set_up: str) -> None:
    """Ours under theirs, theirs under ours, in one trace, whenever the provider was set."""
    answer = run_program(
        tmp_path,
        f"""
tracer = trace.get_tracer("app")
{set_up}
def work():
    with tracer.start_as_current_span("query"):
        pass
with tracer.start_as_current_span("request"):
    planner(work)
tell(parents=parents(), traces=len({{span.context.trace_id for span in exporter.get_finished_spans()}}), faults=faults())
""",
    )

    assert {
        "request": None,
        "invoke_agent planner": "request",
        "chat gpt-4o-mini": "invoke_agent planner",
        "query": "invoke_agent planner",
    } == answer["parents"]
    assert 1 == answer["traces"]
    assert {} == answer["faults"]


@ORDERS
def test_a_span_is_complete_at_its_end_and_a_shutdown_right_after_loses_nothing(tmp_path: Path, set_up: str) -> None:
    """Cost and tokens are on the span in the application's exporter before the worker has had any time."""
    answer = run_program(
        tmp_path,
        f"""
{set_up}
planner()
found = exported()
trace.get_tracer_provider().shutdown()
tell(chat=dict(found["chat gpt-4o-mini"].attributes), agent=dict(found["invoke_agent planner"].attributes),
     after=len(exporter.get_finished_spans()))
""",
    )

    assert 0.00021 == pytest.approx(answer["chat"]["foretell.cost.amount"])
    assert 1000 == answer["chat"]["gen_ai.usage.input_tokens"]
    assert 128000 == answer["chat"]["foretell.context.limit"]
    assert 1000 == answer["agent"]["gen_ai.usage.input_tokens"]
    assert 2 == answer["after"]


@ORDERS
def test_nothing_of_theirs_is_changed(tmp_path: Path, set_up: str) -> None:
    """Their own spans have their attributes, their parent and their resource, and nothing else."""
    answer = run_program(
        tmp_path,
        f"""
from opentelemetry.sdk.resources import Resource
{set_up}
tracer = trace.get_tracer("app")
with tracer.start_as_current_span("request", attributes={{"route": "/"}}):
    with tracer.start_as_current_span("chat x", attributes={{"gen_ai.operation.name": "chat"}}):
        planner()
found = exported()
tell(request=dict(found["request"].attributes), chat=dict(found["chat x"].attributes))
""",
    )

    assert {"route": "/"} == answer["request"]
    assert {"gen_ai.operation.name": "chat"} == answer["chat"]


def test_the_store_has_their_spans_inside_our_runs_and_no_others(tmp_path: Path) -> None:
    """A span that is no agent's work is kept where it happened inside a run, and makes no run of its own."""
    answer = run_program(
        tmp_path,
        f"""
{BEFORE}
tracer = trace.get_tracer("app", "2.1")
def work():
    with tracer.start_as_current_span("query"):
        pass
with tracer.start_as_current_span("request"):
    planner(work)
calls = stored()
tell(names=sorted(calls), scope=calls["query"].scope, agent=calls["query"].agent_name,
     runs=len({{call.run_id for call in calls.values()}}), kinds={{name: call.kind.value for name, call in calls.items()}})
""",
    )

    assert ["gpt-4o-mini", "planner", "query"] == answer["names"]
    assert ("app", "planner", 1) == (answer["scope"], answer["agent"], answer["runs"])
    assert "span" == answer["kinds"]["query"]


@pytest.mark.parametrize("set_up", [BEFORE, AFTER], ids=["before", "after"])
def test_the_applications_endpoint_is_not_ours(tmp_path: Path, set_up: str) -> None:
    """With a provider of the application's own we send nothing to the endpoint of its environment."""
    collector = Collector()
    try:
        run_program(
            tmp_path,
            f"{set_up}\nplanner()\nforetell.flush()\nforetell.shutdown()",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        )
    finally:
        collector.close()

    assert [] == [path for path, _, _ in collector.requests]


@pytest.mark.parametrize("set_up", [BEFORE, AFTER], ids=["before", "after"])
@pytest.mark.parametrize("is_passed", [True, False], ids=["passed", "variable"])
def test_an_endpoint_of_our_own_is_used(tmp_path: Path, set_up: str, is_passed: bool) -> None:
    """`otlp_endpoint=` and our own variable ask for an export of our own beside the application's."""
    collector = Collector()
    passed = f'otlp_endpoint="{collector.url}"' if is_passed else ""
    variable = {} if is_passed else {"FORETELL_OTLP_ENDPOINT": collector.url}
    try:
        set_up = set_up.replace("init()", f"init({passed})")
        run_program(tmp_path, f"{set_up}\nplanner()\nforetell.shutdown()", **variable)
    finally:
        collector.close()

    assert "/v1/traces" in [path for path, _, _ in collector.requests]


def test_who_looks_whether_the_place_is_free_brings_a_provider_of_its_own(tmp_path: Path) -> None:
    """As Traceloop and Langfuse do: theirs keeps its resource and its sampler, and we attach to it."""
    answer = run_program(
        tmp_path,
        """
foretell.init()
if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
    trace.set_tracer_provider(make_provider())
planner()
tell(names=sorted(exported()))
""",
    )

    assert ["chat gpt-4o-mini", "invoke_agent planner"] == answer["names"]


SAMPLERS = {
    "always_off": "TracerProvider(sampler=sampling.ALWAYS_OFF)",
    "ratio_0": "TracerProvider(sampler=sampling.TraceIdRatioBased(0.0))",
    "own": "TracerProvider(sampler=Nothing())",
    "no_op": "trace.NoOpTracerProvider()",
}


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=list(SAMPLERS))
def test_a_trace_that_they_do_not_sample_is_still_recorded(tmp_path: Path, sampler: str) -> None:
    """No span is exported; the store, the sums and what the program added to the current span are complete."""
    answer = run_program(
        tmp_path,
        f"""
from opentelemetry.sdk.trace import sampling
class Nothing(sampling.Sampler):
    def should_sample(self, *args, **kwargs):
        return sampling.SamplingResult(sampling.Decision.DROP)
    def get_description(self):
        return "nothing"
provider = {sampler}
if hasattr(provider, "add_span_processor"):
    provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
foretell.init()
planner(lambda: trace.get_current_span().set_attribute("mine", 1))
calls = stored()
agent, chat = calls["planner"], calls["gpt-4o-mini"]
tell(exported=len(exported()), cost=agent.totals.cost_usd, tokens=agent.totals.input_tokens, mine=agent.attributes,
     nested=chat.parent_id == agent.span_id, same=chat.trace_id == agent.trace_id, faults=faults())
""",
    )

    assert 0 == answer["exported"]
    assert (1000, {"mine": 1}, True, True) == tuple(answer[name] for name in ("tokens", "mine", "nested", "same"))
    assert 0.00021 == pytest.approx(answer["cost"])
    assert {} == answer["faults"]


def test_a_parent_far_away_that_is_not_sampled_is_obeyed(tmp_path: Path) -> None:
    """A remote unsampled parent switches the export off and nothing else."""
    answer = run_program(
        tmp_path,
        f"""
from opentelemetry.propagate import extract
from opentelemetry.context import attach
{BEFORE}
attach(extract({{"traceparent": "00-{"ab" * 16}-{"cd" * 8}-00"}}))
planner()
agent = stored()["planner"]
tell(exported=len(exported()), parent=f"{{agent.parent_id:x}}", trace=f"{{agent.trace_id:x}}",
     remote=agent.parent_is_remote, tokens=agent.totals.input_tokens, flags=agent.trace_flags)
""",
    )

    assert {
        "exported": 0,
        "parent": "cd" * 8,
        "trace": "ab" * 16,
        "remote": True,
        "tokens": 1000,
        "flags": 0,
    } == answer.told


def test_what_the_program_puts_on_the_current_span_is_on_the_record_too(tmp_path: Path) -> None:
    """Attributes, events, links, a status and a name given through OpenTelemetry's API reach exporter and store, once."""
    answer = run_program(
        tmp_path,
        f"""
{BEFORE}
def work():
    span = trace.get_current_span()
    span.set_attribute("mine", "yes")
    span.add_event("noticed", {{"n": 1}})
    span.add_link(trace.SpanContext(1, 2, True))
    span.record_exception(ValueError("no"))
    span.set_status(trace.Status(trace.StatusCode.ERROR, "gone wrong"))
    span.update_name("renamed")
planner(work)
span, call = exported()["renamed"], stored()["planner"]
tell(mine=[span.attributes["mine"], call.attributes], events=[[e.name for e in span.events], [e.name for e in call.events]],
     links=[len(span.links), len(call.links)], status=[span.status.status_code.name, span.status.description],
     outcome=call.outcome.value, error=[call.error.type, call.error.message], title=call.title)
""",
    )

    assert ["yes", {"mine": "yes"}] == answer["mine"]
    assert [["noticed", "exception"]] * 2 == answer["events"]
    assert [1, 1] == answer["links"]
    assert ["ERROR", "gone wrong"] == answer["status"]
    assert ("error", ["ValueError", "gone wrong"], "renamed") == (answer["outcome"], answer["error"], answer["title"])


METERS = {
    "both before": "set_meter(); trace.set_tracer_provider(make_provider()); foretell.init()",
    "both after": "foretell.init(); trace.set_tracer_provider(make_provider()); set_meter()",
    "meter only, before": "set_meter(); foretell.init()",
    "meter only, after": "foretell.init(); set_meter()",
    "by name": "from opentelemetry.metrics import set_meter_provider as set_it; foretell.init(); set_it(meters)",
}


@pytest.mark.parametrize("set_up", METERS.values(), ids=list(METERS))
def test_metrics_go_to_the_applications_meter_provider(tmp_path: Path, set_up: str) -> None:
    """Our metrics are read out by the application's reader, whenever it set its meter provider."""
    answer = run_program(
        tmp_path,
        f"""
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
meters = MeterProvider([reader])
def set_meter():
    metrics.set_meter_provider(meters)
{set_up}
planner()
foretell.flush()
found = {{m.name: m for r in reader.get_metrics_data().resource_metrics for s in r.scope_metrics for m in s.metrics}}
cost = found["foretell.cost"].data.data_points[0]
tell(cost=cost.value, runs=found["foretell.agent.runs"].data.data_points[0].value,
     durations="gen_ai.invoke_agent.duration" in found, faults=faults(), mine=metrics.get_meter_provider() is meters)
foretell.shutdown()
""",
    )

    assert 0.00021 == pytest.approx(answer["cost"])
    assert (1, True, {}, True) == tuple(answer[name] for name in ("runs", "durations", "faults", "mine"))


@pytest.mark.parametrize(
    "set_up", ["set_meter(); foretell.init()", "foretell.init(); set_meter()"], ids=["before", "after"]
)
def test_metrics_of_the_last_moment_are_there_at_exit(tmp_path: Path, set_up: str) -> None:
    """A program that just ends has its last call in the application's last export."""
    answer = run_program(
        tmp_path,
        f"""
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
def sums(data):
    found = {{m.name: m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics}}
    return json.dumps({{"runs": found["foretell.agent.runs"].data.data_points[0].value}}) + "\\n"
def set_meter():
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(formatter=sums), export_interval_millis=100_000)
    metrics.set_meter_provider(MeterProvider([reader]))
{set_up}
planner()
planner()
""",
    )

    assert {"runs": 2} == answer.told


def test_a_second_provider_is_refused_as_ever(tmp_path: Path) -> None:
    """OpenTelemetry takes one provider only; which one it is, we change nothing about that."""
    answer = run_program(
        tmp_path,
        f"{AFTER}\ntrace.set_tracer_provider(TracerProvider())\nplanner()\ntell(spans=len(exported()))",
    )

    assert 2 == answer["spans"]
    assert "Overriding of current TracerProvider is not allowed" in answer.stderr


def test_shutdown_and_a_new_init_come_back_to_the_applications_provider(tmp_path: Path) -> None:
    """What the application brought stays in place; between the two nothing is recorded, and nothing is told twice."""
    answer = run_program(
        tmp_path,
        f"""
{AFTER}
planner()
foretell.shutdown()
planner()
with trace.get_tracer("app").start_as_current_span("theirs"):
    pass
foretell.init()
planner(lambda: trace.get_tracer("x").start_span("chat", attributes={{"gen_ai.operation.name": "chat"}}).end())
names = [span.name for span in exporter.get_finished_spans()]
tell(agents=names.count("invoke_agent planner"), theirs=names.count("theirs"),
     kept=sum(call.name == "chat" for call in stored().values()))
""",
    )

    assert {"agents": 2, "theirs": 1, "kept": 1} == answer.told


def test_a_foreign_model_call_counts_in_the_agents_span(tmp_path: Path) -> None:
    """What another instrumentor told of a call is in the agent's sums, at the end of its span and in the store."""
    answer: Any = run_program(
        tmp_path,
        f"""
{BEFORE}
tracer = trace.get_tracer("openinference.instrumentation.openai")
def work():
    with tracer.start_as_current_span("ChatCompletion", attributes={{"openinference.span.kind": "LLM"}}) as span:
        span.set_attributes({{"llm.model_name": "gpt-4o-mini", "llm.provider": "openai",
                             "llm.token_count.prompt": 500, "llm.token_count.completion": 50}})
planner(work)
totals = stored()["planner"].totals
tell(span=exported()["invoke_agent planner"].attributes["gen_ai.usage.input_tokens"],
     totals=[totals.input_tokens, totals.inference_calls, totals.cost_usd])
""",
    )

    assert 1500 == answer["span"]
    assert [1500, 2, pytest.approx(0.000315)] == answer["totals"]


def test_a_console_that_the_applications_provider_was_told_to_use_is_not_written_to_twice(tmp_path):
    """OTEL_TRACES_EXPORTER is the application's where it has a provider; FORETELL_TRACES_EXPORTER is ours."""
    code = "trace.set_tracer_provider(make_provider())\nforetell.init()\nplanner()\nforetell.shutdown()\nprint('{}')"
    theirs = run_program(
        tmp_path,
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n"
        + "".join(f"    {line}\n" for line in code.splitlines())
        + "tell(said=out.getvalue())",
        OTEL_TRACES_EXPORTER="console",
    )

    assert "{}\n" == theirs["said"]
