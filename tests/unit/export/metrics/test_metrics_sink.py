"""What calls, agents, findings and the process become as metrics."""

from __future__ import annotations

import pytest

from foretell.export.counts import Counts
from foretell.export.metrics.registry import Metrics
from foretell.export.metrics.sink import MetricsSink
from foretell.model.call import Call
from foretell.model.facts import (
    AgentTotals,
    ErrorFacts,
    InferenceFacts,
    MemoryFacts,
    RetrievalFacts,
    Score,
    Session,
    ToolFacts,
)
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.process import ProcessSample
from foretell.model.usage import Cost, Usage
from foretell.semconv import metrics as table
from foretell.semconv.own import FORBIDDEN_LABELS

S = 1_000_000_000
START = 1_000 * S
MODEL = {"gen_ai.request.model": "m-1", "gen_ai.response.model": "m-1-today"}
SHARED = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", **MODEL}


class World:
    """A sink with a clock to set and a list of what it exported."""

    def __init__(self, **options):
        self.now_ns = START
        self.exports = []
        self.open = []
        self.metrics = Metrics(lambda: self.now_ns)
        self.sink = MetricsSink(
            self.metrics,
            lambda signal, points: self.exports.append((signal, points)),
            clock=lambda: self.now_ns,
            open_calls=lambda: self.open,
            **options,
        )
        self.ids = 0

    def call(self, kind, name, *, agent=None, outcome=Outcome.OK, error=None, seconds=2, **facts):
        self.ids += 1
        call = Call(kind, name, id=self.ids, trace_id=99, run_id="0" * 16, start_ns=START)
        call.parent_id = 1
        call.agent = agent
        call.agent_name = name if kind is Kind.AGENT else agent and agent.name
        call.end_ns = START + int(seconds * S)
        call.outcome = outcome
        call.error = ErrorFacts(error) if error else None
        for key, value in facts.items():
            setattr(call, key, value)
        return call

    def llm(self, **given):
        facts = InferenceFacts("acme", "chat", "m-1", "m-1-today")
        return self.call(Kind.LLM, "m-1", **{"facts": facts, **given})

    def take(self, *calls):
        self.sink.take(calls)

    def points(self, name):
        return {
            frozenset(point.attributes): point
            for metric in self.metrics.read(self.now_ns)
            if metric.name == name
            for point in metric.points
        }

    def values(self, name):
        return {key: point.value for key, point in self.points(name).items()}

    def value(self, name, **labels):
        return self.values(name)[frozenset((key.replace("__", "."), value) for key, value in labels.items())]

    def exported(self, name, number=-1):
        return [p for metric in self.exports[number][1] if metric.name == name for p in metric.points]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def planner(world):
    return world.call(Kind.AGENT, "planner")


def labels(**given):
    return frozenset((key.replace("__", "."), value) for key, value in given.items())


def shared(**more):
    return frozenset({**SHARED, **{key.replace("__", "."): value for key, value in more.items()}}.items())


def test_an_inference_has_a_duration(world):
    """The duration is the span's, under the labels of the conventions."""
    world.take(world.llm(seconds=2))

    assert {shared(): (1, 2.0)} == {
        k: (p.count, p.sum) for k, p in world.points("gen_ai.client.inference.duration").items()
    }


def test_a_failed_inference_says_why(world):
    """error.type stands on the duration only."""
    world.take(world.llm(outcome=Outcome.ERROR, error="acme.Broken", usage=Usage(uncached_input=1)))

    assert {shared(error__type="acme.Broken")} == set(world.points("gen_ai.client.inference.duration"))
    assert {shared()} == set(world.points("gen_ai.client.inference.operation.input_tokens"))


def test_the_server_is_named_with_its_port(world):
    """A port without an address says nothing."""
    facts = InferenceFacts("acme", "chat", "m-1", "m-1-today", server_address="api.test", server_port=443)
    world.take(
        world.llm(facts=facts), world.llm(facts=InferenceFacts("acme", "chat", "m-1", "m-1-today", server_port=1))
    )

    assert {shared(), shared(server__address="api.test", server__port=443)} == set(
        world.points("gen_ai.client.inference.duration")
    )


def test_only_openai_has_openais_labels(world):
    """Tier and fingerprint are OpenAI's words."""
    for provider in ("openai", "acme"):
        facts = InferenceFacts(provider, "chat", "m-1", service_tier="flex", system_fingerprint="fp")
        world.take(world.llm(facts=facts))
    found = {dict(key)["gen_ai.provider.name"]: dict(key) for key in world.points("gen_ai.client.inference.duration")}

    assert "flex" == found["openai"]["openai.response.service_tier"]
    assert "fp" == found["openai"]["openai.response.system_fingerprint"]
    assert not [key for key in found["acme"] if key.startswith("openai")]


def test_tokens_without_a_breakdown_are_of_unknown_modality(world):
    """Input counts the cache, output counts reasoning, and the subsets have counters of their own."""
    usage = Usage(uncached_input=100, cache_read=20, cache_write=3, output=50, reasoning=7)
    world.take(world.llm(usage=usage))
    prefix = "gen_ai.client.inference.usage."
    key = shared(gen_ai__token__modality="unknown")

    assert {"input": 123, "output": 57, "cache_read.input": 20, "cache_write.input": 3, "reasoning.output": 7} == {
        name: world.values(f"{prefix}{name}_tokens")[key]
        for name in ("input", "output", "cache_read.input", "cache_write.input", "reasoning.output")
    }


def test_modalities_add_up(world):
    """What no part names is unknown; nothing is counted twice."""
    usage = Usage(
        uncached_input=100, output=10, input_by_modality={"text": 70, "image": 20}, output_by_modality={"text": 10}
    )
    world.take(world.llm(usage=usage))

    assert {"text": 70, "image": 20, "unknown": 10} == {
        dict(key)["gen_ai.token.modality"]: value
        for key, value in world.values("gen_ai.client.inference.usage.input_tokens").items()
    }
    assert {shared(gen_ai__token__modality="text"): 10} == world.values("gen_ai.client.inference.usage.output_tokens")


def test_an_impossible_breakdown_is_not_believed(world):
    """Parts greater than the whole would bill more than was used."""
    world.take(world.llm(usage=Usage(uncached_input=10, input_by_modality={"text": 11})))

    assert {shared(gen_ai__token__modality="unknown"): 10} == world.values("gen_ai.client.inference.usage.input_tokens")


def test_no_count_is_no_token_metric(world):
    """Unknown is not 0."""
    world.take(world.llm())

    assert not [metric.name for metric in world.metrics.read(world.now_ns) if "token" in metric.name]


def test_the_tokens_of_one_operation_are_histograms(world):
    """Without modality."""
    world.take(world.llm(usage=Usage(uncached_input=100, output=9)))

    assert {shared(): 100.0} == {
        k: p.sum for k, p in world.points("gen_ai.client.inference.operation.input_tokens").items()
    }
    assert {shared(): 9.0} == {
        k: p.sum for k, p in world.points("gen_ai.client.inference.operation.output_tokens").items()
    }


def test_a_stream_has_a_first_chunk_and_the_gaps_after_it(world):
    """Each chunk after the first is one value."""
    facts = InferenceFacts(
        "acme", "chat", "m-1", "m-1-today", is_stream=True, time_to_first_chunk_s=0.4, chunk_gaps_s=[0.1, 0.2]
    )
    world.take(world.llm(facts=facts))

    assert (1, 0.4) == _count_sum(world, "gen_ai.client.inference.time_to_first_chunk")
    assert (2, pytest.approx(0.3)) == _count_sum(world, "gen_ai.client.inference.time_per_output_chunk")


def _count_sum(world, name):
    (point,) = world.points(name).values()
    return point.count, point.sum


def test_legacy_adds_the_older_names():
    """With the switch the older names come in addition; without it they do not come."""
    now, old = World(), World(is_legacy=True)
    for world in (now, old):
        world.take(world.llm(usage=Usage(uncached_input=10, output=4)))

    assert {} == now.points("gen_ai.client.token.usage") == now.points("gen_ai.client.operation.duration")
    assert {shared(gen_ai__token__type="input"): 10.0, shared(gen_ai__token__type="output"): 4.0} == {
        k: p.sum for k, p in old.points("gen_ai.client.token.usage").items()
    }
    assert {shared(): 2.0} == {k: p.sum for k, p in old.points("gen_ai.client.operation.duration").items()}
    assert {shared()} == set(old.points("gen_ai.client.inference.duration"))


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        (Kind.EMBEDDINGS, InferenceFacts("acme", "embeddings", "e-1"), {"gen_ai.provider.name": "acme", "gen_ai.request.model": "e-1"}),
        (Kind.RETRIEVER, RetrievalFacts("docs"), {}),
        (Kind.RETRIEVER, None, {}),
        (Kind.MEMORY, MemoryFacts("update_memory", provider="acme"), {"gen_ai.provider.name": "acme"}),
    ],
)  # fmt: skip
def test_other_client_operations_share_one_duration(world, kind, facts, expected):
    """Embeddings, retrieval and memory are told apart by the operation."""
    world.take(world.call(kind, "x", facts=facts))
    operation = {Kind.EMBEDDINGS: "embeddings", Kind.RETRIEVER: "retrieval", Kind.MEMORY: "update_memory"}[kind]

    assert {frozenset({"gen_ai.operation.name": operation, **expected}.items())} == set(
        world.points("gen_ai.client.operation.duration")
    )
    assert {} == world.points("gen_ai.client.inference.duration")


def test_an_agents_run(world, planner):
    """Duration, its own calls, and its outcome."""
    planner.totals = AgentTotals(inference_calls=3, tool_calls=5)
    world.take(planner)
    name = labels(gen_ai__agent__name="planner")

    assert 2.0 == world.points("gen_ai.invoke_agent.duration")[name].sum
    assert 3.0 == world.points("gen_ai.invoke_agent.inference_calls")[name].sum
    assert 5.0 == world.points("gen_ai.invoke_agent.tool_calls")[name].sum
    assert 1 == world.value("foretell.agent.runs", gen_ai__agent__name="planner", outcome="ok")


def test_all_outcomes_exist_from_the_first_sight_of_an_agent(world, planner):
    """The first failure is then an increase from 0."""
    world.sink.take_open([planner])

    assert {"ok": 0, "error": 0, "cancelled": 0, "halted": 0, "aborted": 0} == {
        dict(key)["outcome"]: value for key, value in world.values("foretell.agent.runs").items()
    }


def test_a_tool_call(world, planner):
    """Tool, its type and the agent around it."""
    world.take(world.call(Kind.TOOL, "search", agent=planner, facts=ToolFacts("function")))
    key = labels(gen_ai__tool__name="search", gen_ai__tool__type="function", gen_ai__agent__name="planner")

    assert {key: 2.0} == {k: p.sum for k, p in world.points("gen_ai.execute_tool.duration").items()}


def test_a_workflow(world):
    """By its name."""
    world.take(world.call(Kind.WORKFLOW, "nightly", outcome=Outcome.ERROR, error="Broken"))

    assert {labels(gen_ai__workflow__name="nightly", error__type="Broken")} == set(
        world.points("gen_ai.invoke_workflow.duration")
    )


def test_spans_and_steps_are_no_calls(world):
    """Other people's spans and our groups count nothing."""
    world.take(world.call(Kind.SPAN, "GET /"), world.call(Kind.STEP, "prepare"))

    assert [] == world.metrics.read(world.now_ns)


def test_calls_are_edges_of_the_agent_graph(world, planner):
    """Who called what, as what, and how it ended."""
    helper = world.call(Kind.AGENT, "helper", agent=planner)
    world.take(world.llm(agent=helper), world.call(Kind.TOOL, "search", agent=helper), helper, planner)

    assert {
        ("helper", "m-1", "llm", "ok"): 1,
        ("helper", "search", "tool", "ok"): 1,
        ("planner", "helper", "agent", "ok"): 1,
        ("entry", "planner", "agent", "ok"): 1,
    } == {
        tuple(dict(key)[name] for name in ("source", "target", "kind", "outcome")): value
        for key, value in world.values("foretell.calls").items()
    }


def test_targets_past_fifty_are_other(world):
    """Names made at run time do not become series without end."""
    world.take(*(world.call(Kind.TOOL, f"tool-{number}") for number in range(60)))
    targets = {dict(key)["target"]: value for key, value in world.values("foretell.calls").items()}

    assert (51, 10) == (len(targets), targets["other"])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("openai.APITimeoutError", "timeout"),
        ("httpx.ReadTimeout", "timeout"),
        ("504", "timeout"),
        ("openai.RateLimitError", "throttled"),
        ("429", "throttled"),
        ("ThrottlingException", "throttled"),
        ("ValueError", "error"),
    ],
)
def test_a_dependency_may_time_out_or_throttle(world, error, outcome):
    """What happened outside is told by the error's type; the edge keeps the plain outcome."""
    world.take(world.llm(outcome=Outcome.ERROR, error=error))

    assert {labels(dependency="acme", outcome=outcome): 1} == world.values("foretell.dependency.calls")
    assert ["error"] == [dict(key)["outcome"] for key in world.values("foretell.calls")]


def test_money_by_agent_provider_and_model(world, planner):
    """Cost adds up, with a link to the call that cost it last."""
    for _ in range(2):
        world.take(world.llm(agent=planner, usage=Usage(10), cost=Cost(0.25, "genai-prices")))
    key = labels(gen_ai__agent__name="planner", provider="acme", model="m-1")
    point = world.points("foretell.cost")[key]

    assert (0.5, 99) == (point.value, point.exemplars[0].trace_id)
    assert {} == world.points("foretell.unpriced.tokens")


@pytest.mark.parametrize("kind", [Kind.LLM, Kind.EMBEDDINGS])
def test_an_unknown_price_is_counted_in_tokens(world, kind):
    """Unknown is never 0 dollars."""
    world.take(world.call(kind, "m-1", facts=InferenceFacts("acme", "chat", "m-1"), usage=Usage(10, output=5)))

    assert {} == world.points("foretell.cost")
    assert {labels(provider="acme", model="m-1"): 15} == world.values("foretell.unpriced.tokens")


def test_how_full_the_models_window_is():
    """Input over the window; a model of unknown size has no such metric."""
    world = World(context_window=lambda provider, model: {"m-1": 1000}.get(model))
    world.take(
        world.llm(usage=Usage(uncached_input=800, cache_read=100)),
        world.llm(usage=Usage(800), facts=InferenceFacts("acme", "chat", "other")),
    )

    assert {labels(model="m-1"): 0.9} == {k: p.sum for k, p in world.points("foretell.context.utilization").items()}


def test_redactions_by_rule(world, planner):
    """Of input and output, whatever the kind."""
    world.take(
        world.call(
            Kind.TOOL,
            "search",
            agent=planner,
            input_payload=Payload("{}", 2, {"email": 2}),
            output_payload=Payload("{}", 2, {"email": 1, "key": 4}),
        )
    )

    assert {
        labels(gen_ai__agent__name="planner", rule="email"): 3,
        labels(gen_ai__agent__name="planner", rule="key"): 4,
    } == world.values("foretell.redactions")


def test_scores(world):
    """A score without a number is an event, not a value."""
    world.sink.take_scores(
        [
            Score("helpful", 0.5),
            Score("helpful", 1.0),
            Score("mood", None, label="good"),
            Score("helpful", float("nan")),
        ]
    )

    assert {labels(name="helpful"): (2, 1.5)} == {
        k: (p.count, p.sum) for k, p in world.points("foretell.score").items()
    }


def test_exemplars_only_of_sampled_traces(world):
    """A link to a trace that nobody kept helps nobody."""
    world.take(world.llm(), world.llm(trace_flags=0, seconds=0))
    (point,) = world.points("gen_ai.client.inference.duration").values()

    assert [(2.0, 99, 1)] == [(e.value, e.trace_id, e.span_id) for e in point.exemplars]


def test_no_label_without_bound(world, planner):
    """Run, session, user and text are never labels, and every label stands in the table."""
    session = Session("s-1", "u-1", "c-1")
    calls = [
        world.llm(agent=planner, session=session, usage=Usage(10, output=1), cost=Cost(1.0, "override")),
        world.call(Kind.TOOL, "search", agent=planner, session=session, facts=ToolFacts(call_id="call-1")),
        planner,
    ]
    world.take(*calls)
    world.sink.flush(1)

    for metric in world.metrics.read(world.now_ns):
        allowed = set(table.find_metric(metric.name).labels)
        used = {name for point in metric.points for name, _ in point.attributes}
        assert set() == used - allowed, metric.name
        assert set() == used & FORBIDDEN_LABELS


def test_open_runs_are_gauges(world):
    """How many are at work, and since when the oldest is: hung runs never end."""
    for begun_s in (5, 3):
        call = world.call(Kind.AGENT, "planner")
        call.start_ns = START + begun_s * S
        world.open.append(call)
    world.now_ns = START + 20 * S
    world.sink.flush(1)

    assert 2 == world.value("foretell.agent.active", gen_ai__agent__name="planner")
    assert 1003.0 == world.value("foretell.agent.oldest_active.start_time", gen_ai__agent__name="planner")
    world.open.clear()
    world.sink.flush(1)
    assert 0 == world.value("foretell.agent.active", gen_ai__agent__name="planner")
    assert 0 == world.value("foretell.agent.oldest_active.start_time", gen_ai__agent__name="planner")


def test_a_heartbeat_until_the_goodbye(world, planner):
    """The time of the last sign of life; 0 when the process left on purpose."""
    world.take(planner)
    world.now_ns = START + 90 * S
    world.sink.write()

    assert [1090.0] == [point.value for point in world.exported("foretell.agent.heartbeat.time")]
    assert [90.0] == [point.value for point in world.exported("foretell.agent.uptime")]
    world.sink.close()
    assert [0] == [point.value for point in world.exported("foretell.agent.heartbeat.time")]


def finding(**given):
    return Finding(
        **{
            "trigger": "agent_loop",
            "key": "planner",
            "severity": Severity.CRITICAL,
            "verdict": Verdict.FIRING,
            "onset_ns": START,
            "end_ns": None,
            "explanation": "",
            "advice": "",
            "confidence": 1.0,
            "agent_name": "planner",
            **given,
        }
    )


def test_a_finding_is_counted_once_and_held(world):
    """It stays visible for two export intervals, however soon it ends."""
    world.sink.take_findings([finding(), finding()])
    world.now_ns = START + 1 * S
    world.sink.take_findings([finding(end_ns=START + 1 * S)])
    key = {"gen_ai__agent__name": "planner", "trigger": "agent_loop", "severity": "critical"}

    assert 1 == world.value("foretell.findings", **key)
    for seconds, expected in ((60, 1), (120, 1), (122, 0)):
        world.now_ns = START + seconds * S
        world.sink.flush(1)
        assert expected == world.value("foretell.finding.active", **key), seconds
    assert [(1, 1.0)] == [(p.count, p.sum) for p in world.points("foretell.finding.time_to_resolve").values()]


def test_a_long_finding_stays_up(world):
    """As long as it has no end."""
    world.sink.take_findings([finding()])
    world.now_ns = START + 1000 * S
    world.sink.flush(1)

    assert [1] == list(world.values("foretell.finding.active").values())


def test_a_finding_of_the_last_second_is_told_before_the_goodbye(world):
    """Its gauge is exported as 1 once, in a point of its own, before the process says that nothing fires any more."""
    world.sink.take_findings([finding()])
    world.sink.close()
    told, goodbye = (world.exported("foretell.finding.active", number)[0] for number in (-2, -1))

    assert [1, 0] == [told.value, goodbye.value]
    assert told.time_ns // 1_000_000 < goodbye.time_ns // 1_000_000


@pytest.mark.parametrize("verdict", [Verdict.QUIET, Verdict.UNKNOWN])
def test_what_does_not_fire_is_no_finding(world, verdict):
    """Unknown is not firing."""
    world.sink.take_findings([finding(verdict=verdict)])

    assert {} == world.values("foretell.findings")


def test_the_process(world):
    """Its metrics name no agent; what the system does not tell is left out."""
    sample = ProcessSample(START, 7, 1.5, 0.5, None, 3, {}, {}, {"main": 1.25}, 10, 20, None, None)
    world = World(sample_process=lambda: sample)
    world.sink.flush(1)

    assert {frozenset(): 7} == world.values("process.memory.usage")
    assert {labels(cpu__mode="user"): 1.5, labels(cpu__mode="system"): 0.5} == world.values("process.cpu.time")
    assert {
        labels(network__io__direction="receive"): 10,
        labels(network__io__direction="transmit"): 20,
    } == world.values("process.network.io")
    assert {labels(thread__role="main"): 1.25} == world.values("foretell.thread.cpu")
    assert {} == world.values("process.open_file_descriptor.count") == world.values("process.disk.io")


def test_our_own_bookkeeping():
    """Telemetry that admits its gaps."""
    counts = Counts()
    counts.count("dropped", "calls", "queue_full", 3)
    counts.count("started", "calls", n=9)
    world = World(count_telemetry=counts.snapshot)
    world.sink.flush(1)

    assert {labels(signal="calls", reason="queue_full"): 3} == world.values("foretell.telemetry.dropped")
    assert {labels(signal="calls"): 9} == world.values("foretell.telemetry.started")


def test_other_rooms_set_their_own(world):
    """Budgets and event loops are asked before each export."""
    world.sink.observe(lambda metrics, now_ns: metrics.set(table.BUDGET_LIMIT, (("period", "day"),), 10.0))
    world.sink.flush(1)

    assert [("metrics", [10.0])] == [
        (signal, [p.value for m in points for p in m.points]) for signal, points in world.exports
    ]


def test_exports_each_interval(world, planner):
    """Nothing before it is due."""
    world.sink.take_open([planner])
    for seconds in (1, 59, 60, 61, 119, 120):
        world.now_ns = START + seconds * S
        world.sink.write()

    assert 2 == len(world.exports)


def test_the_end_of_a_run_is_exported_within_a_second(world, planner):
    """And many ends within one second are one export."""
    world.now_ns = START + 30 * S
    world.take(planner)
    world.sink.write()
    assert 1 == len(world.exports)
    for tenth in range(1, 10):
        world.now_ns = START + 30 * S + tenth * S // 10
        world.take(planner)
        world.sink.write()
    assert 1 == len(world.exports)
    world.now_ns = START + 31 * S
    world.sink.write()

    assert 2 == len(world.exports)


def test_a_call_inside_a_run_waits_for_the_interval(world, planner):
    """Only ends of runs are urgent."""
    world.now_ns = START + 30 * S
    world.take(world.llm(agent=planner))
    world.sink.write()

    assert [] == world.exports


def test_a_child_begins_at_zero(world, planner):
    """After a fork neither counts nor agents of the parent remain, and counting goes on."""
    world.take(planner)
    world.sink.after_fork()
    world.sink.flush(1)
    assert [] == world.exports
    world.take(planner)

    assert 1 == world.value("foretell.agent.runs", gen_ai__agent__name="planner", outcome="ok")


def test_for_a_pull_endpoint_gauges_are_at_most_a_second_old():
    """Without an exporter, write() keeps the gauges fresh."""
    world = World(is_pulled=True)
    world.sink.take_open([world.call(Kind.AGENT, "planner")])
    world.now_ns = START + 2 * S
    world.sink.write()

    assert 1002.0 == world.value("foretell.agent.heartbeat.time", gen_ai__agent__name="planner")
