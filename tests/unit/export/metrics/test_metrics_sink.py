"""What calls become as metrics."""

from __future__ import annotations

import pytest

from foretell.model.facts import (
    AgentTotals,
    InferenceFacts,
    MemoryFacts,
    RetrievalFacts,
    Score,
    Session,
    ToolFacts,
)
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage
from foretell.semconv import metrics as table
from foretell.semconv.own import FORBIDDEN_LABELS
from tests.unit.export.metrics.metrics_world import World, labels, shared


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


@pytest.mark.parametrize(
    ("span_kind", "run_id", "expected"),
    [
        ("client", "r", {labels(dependency="api.example", outcome="timeout"): 1}),
        ("client", "", {}),
        ("server", "r", {}),
    ],
)
def test_a_clients_request_in_a_run_asks_a_dependency_and_is_no_call(world, span_kind, run_id, expected):
    request = world.call(Kind.SPAN, "GET api.example", outcome=Outcome.ERROR, error="httpx.ReadTimeout")
    request.span_kind, request.run_id, request.attributes = span_kind, run_id, {"server.address": "api.example"}
    world.take(request)

    assert expected == world.values("foretell.dependency.calls")
    assert {} == world.values("foretell.calls")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"net.peer.name": "old.example"}, {labels(dependency="old.example", outcome="ok"): 1}),
        ({"http.url": "https://u:p@old.example:8443/path?key=k"}, {labels(dependency="old.example", outcome="ok"): 1}),
        ({"http.url": "https://[broken"}, {}),
        ({"http.method": "GET"}, {}),
    ],
)
def test_a_server_is_known_by_older_names_too(world, attributes, expected):
    """OpenTelemetry's own instrumentors have those until they are told otherwise."""
    request = world.call(Kind.SPAN, "GET")
    request.span_kind, request.run_id, request.attributes = "client", "r", attributes
    world.take(request)

    assert expected == world.values("foretell.dependency.calls")


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
