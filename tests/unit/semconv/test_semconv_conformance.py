"""What we emit, held against the tables; and the checker itself, shown to fail."""

from __future__ import annotations

import pytest

from foretell.model.facts import InferenceFacts, Score
from foretell.model.usage import Usage
from foretell.semconv import genai, legacy, metrics, own, spans
from foretell.semconv.conformance import check_event, check_messages, check_metric, check_span, render_name
from foretell.semconv.encode import span_attributes, span_kind, span_name, span_status
from foretell.semconv.records import log_events, score_event
from tests.unit.semconv import calls

ENDINGS = {"ok": {}, "failed": calls.FAILED, "cancelled": calls.CANCELLED}
CONTENT = {
    "content_exported": True,
    "input_payload": calls.payload('{"query":"cats"}', redactions={"email": 1}, is_truncated=True, blob_sha256="ab"),
    "output_payload": calls.payload('["a cat"]', blob_sha256="cd"),
}


def emitted(call, **changes):
    """Return the call as a span in plain data, with some of it changed."""
    span = {
        "name": span_name(call),
        "kind": span_kind(call),
        "attributes": span_attributes(call, 200_000),
        "status": span_status(call)[0],
    }
    return {**span, **changes}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", calls.EVERY_KIND)
def test_every_kind_of_call_conforms(make, ending):
    """Names, kinds, required attributes, types and levels are as the tables say, however the call ended."""
    assert [] == check_span(**emitted(make(totals=calls.TOTALS, **ENDINGS[ending])))


@pytest.mark.parametrize("make", calls.EVERY_KIND)
def test_exported_contents_conform(make):
    """Contents are messages, queries and documents in the conventions' shapes."""
    assert [] == check_span(**emitted(make(**CONTENT)), may_have_content=True)


@pytest.mark.parametrize("make", calls.EVERY_KIND)
def test_a_call_of_which_nothing_is_known_conforms(make):
    """Without facts, session, usage and names of others, what is required is still there."""
    assert [] == check_span(
        **emitted(make(facts=None, session=None, usage=None, cost=None, agent_name=None, step_index=None))
    )


def test_events_conform():
    """Details, exceptions and scores have their names, severities and attributes."""
    events = [*log_events(calls.llm(**calls.FAILED, **CONTENT)), score_event(Score("helpful", 1.0))]
    plain = [{"name": e.name, "severity_number": e.severity_number, "attributes": e.attributes} for e in events]

    assert 3 == len(plain)
    assert [] == [violation for event in plain for violation in check_event(**event)]


@pytest.mark.parametrize(
    ("make", "remove", "add", "rule"),
    [
        (calls.llm, "gen_ai.provider.name", {}, "required"),
        (calls.llm, "server.port", {}, "required"),
        (calls.llm, "foretell.run.id", {}, "required"),
        (calls.llm, "foretell.cost.source", {}, "required"),
        (calls.tool, "gen_ai.tool.name", {}, "required"),
        (calls.llm, None, {"gen_ai.system": "openai"}, "unknown name"),
        (calls.llm, None, {"gen_ai.usage.cost": 1.0}, "unknown name"),
        (calls.llm, None, {"foretell.made.up": 1}, "unknown name"),
        (calls.step, None, {"gen_ai.made.up": 1}, "unknown name"),
        (calls.llm, None, {"gen_ai.tool.name": "search"}, "misplaced"),
        (calls.agent, None, {"foretell.cost.amount": 1.0}, "misplaced"),
        (calls.agent, None, {"gen_ai.provider.name": "openai"}, "forbidden"),
        (calls.agent, None, {"gen_ai.agent.id": "a-1"}, "forbidden"),
        (calls.agent, None, {"gen_ai.agent.version": "1"}, "forbidden"),
        (calls.agent, None, {"gen_ai.usage.cache_read.input_tokens": 1}, "forbidden"),
        (calls.llm, None, {"gen_ai.usage.input_tokens": "12"}, "type"),
        (calls.llm, None, {"gen_ai.usage.input_tokens": True}, "type"),
        (calls.llm, None, {"gen_ai.request.top_k": 1.0}, "type"),
        (calls.llm, None, {"gen_ai.request.temperature": 1}, "type"),
        (calls.llm, None, {"gen_ai.response.finish_reasons": "stop"}, "type"),
        (calls.llm, None, {"foretell.step.index": "7"}, "type"),
        (calls.llm, None, {"gen_ai.request.stream": False}, "value"),
        (calls.llm, None, {"gen_ai.request.choice.count": 1}, "value"),
        (calls.llm, None, {"gen_ai.input.messages": "[]"}, "content"),
        (calls.llm, None, {"gen_ai.input.messages": '[{"role":"user"}]'}, "schema"),
    ],
)
def test_the_checker_sees_wrong_attributes(make, remove, add, rule):
    """Each rule can fail."""
    span = emitted(make(totals=calls.TOTALS))
    span["attributes"].pop(remove, None)
    span["attributes"].update(add)

    assert rule in {violation.rule for violation in check_span(**span)}


@pytest.mark.parametrize(
    ("make", "change", "rule"),
    [
        (calls.llm, {"name": "chat"}, "name"),
        (calls.memory, {"name": "search_memory store-1"}, "name"),
        (calls.tool, {"kind": "client"}, "kind"),
        (calls.llm, {"kind": "server"}, "kind"),
        (calls.llm, {"status": 1}, "status"),
        (calls.llm, {"status": 2}, "required"),
    ],
)
def test_the_checker_sees_wrong_spans(make, change, rule):
    """Name, kind and status are held to their rows."""
    assert rule in {violation.rule for violation in check_span(**emitted(make(), **change))}


GOOD_METRIC = {
    "name": "gen_ai.client.inference.duration",
    "kind": "histogram",
    "unit": "s",
    "buckets": metrics.INFERENCE_DURATION.buckets,
    "points": [{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "server.port": 443}],
}


def test_a_right_metric_conforms():
    """Name, kind, unit, buckets and labels are as the table says."""
    assert [] == check_metric(**GOOD_METRIC)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "gen_ai.client.token.usage"}, "unknown name"),
        ({"kind": "counter"}, "kind"),
        ({"unit": "ms"}, "unit"),
        ({"buckets": (1.0, 2.0)}, "buckets"),
        ({"buckets": None}, "buckets"),
        ({"points": [{}]}, "required"),
        ({"points": [{"foretell.run.id": "1"}]}, "label"),
        ({"points": [{"server.port": "443"}]}, "type"),
    ],
)
def test_the_checker_sees_wrong_metrics(change, rule):
    """Each rule about metrics can fail."""
    assert rule in {violation.rule for violation in check_metric(**{**GOOD_METRIC, **change})}


def test_older_metrics_conform_only_with_the_switch():
    """The legacy switch admits two more names, nothing else."""
    old = legacy.TOKEN_USAGE
    point = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.token.type": "input"}
    metric = {"name": old.name, "kind": old.kind, "unit": old.unit, "buckets": old.buckets, "points": [point]}

    assert [] == check_metric(**metric, is_legacy=True)
    assert ["unknown name"] == [violation.rule for violation in check_metric(**metric)]


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"name": "gen_ai.choice"}, "unknown name"),
        ({"severity_number": 9}, "severity"),
        ({"attributes": {}}, "required"),
        ({"attributes": {"exception.type": 3}}, "type"),
    ],
)
def test_the_checker_sees_wrong_events(event, rule):
    """Each rule about events can fail."""
    good = {
        "name": "gen_ai.client.operation.exception",
        "severity_number": 13,
        "attributes": {"exception.type": "ValueError"},
    }

    assert [] == check_event(**good)
    assert rule in {violation.rule for violation in check_event(**{**good, **event})}


@pytest.mark.parametrize(
    "messages",
    [
        {},
        [3],
        [{"role": "user"}],
        [{"parts": []}],
        [{"role": "user", "parts": [{}]}],
        [{"role": "user", "parts": [{"type": "text"}]}],
        [{"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": "data:image/png;base64,QQ=="}]}],
    ],
)
def test_the_checker_sees_wrong_messages(messages):
    """A message needs a role and parts, a part its type's fields."""
    assert ["schema"] == [violation.rule for violation in check_messages(messages)]


def test_a_template_leaves_out_what_is_unset():
    """The bracket of an unset attribute goes, with its space."""
    assert "chat" == render_name("{gen_ai.operation.name}[ {gen_ai.request.model}]", {"gen_ai.operation.name": "chat"})


def test_the_tables_are_pinned_and_consistent():
    """One commit, unique names, and a row for each operation."""
    names = [metric.name for metric in metrics.ALL]
    operations = [operation for shape in spans.ALL for operation in shape.operations]

    assert "6fd0d763a092db245a54104fc1124031eb3c51d2" == genai.COMMIT
    assert len(set(names)) == len(names)
    assert {"invoke_agent"} == {each for each in operations if operations.count(each) > 1}
    assert [] == [
        shape.id for shape in spans.ALL if not shape.forbidden.isdisjoint(row.name for row in shape.attributes)
    ]


def test_buckets_belong_to_histograms():
    """Every histogram has ascending bounds, nothing else has any."""
    assert [] == [m.name for m in metrics.ALL if (m.buckets is not None) != (m.kind == "histogram")]
    assert [] == [m.name for m in metrics.ALL if m.buckets and list(m.buckets) != sorted(set(m.buckets))]


def test_units_add_no_ratio_to_a_name():
    """The unit 1 would append `_ratio` in Prometheus."""
    assert [] == [metric.name for metric in metrics.ALL if metric.unit in ("1", "")]


def test_no_label_is_without_bound():
    """Runs, sessions, users, conversations and responses are never labels."""
    assert [] == [metric.name for metric in metrics.ALL if not own.FORBIDDEN_LABELS.isdisjoint(metric.labels)]


def test_our_metrics_carry_the_agent():
    """Each of ours stands beside the agent's name; the process has no agent."""
    assert [] == [metric.name for metric in own.METRICS if "gen_ai.agent.name" != metric.labels[0]]
    assert [] == [metric.name for metric in metrics.PROCESS if "gen_ai.agent.name" in metric.labels]


def test_metrics_are_found_by_name():
    """The catalogue answers for its names and says None for others."""
    assert metrics.AGENT_RUNS is metrics.find_metric("foretell.agent.runs")
    assert metrics.find_metric("gen_ai.client.token.usage") is None


OWN_METRICS = {
    "foretell.agent.runs": ("counter", "{run}", ("outcome",)),
    "foretell.agent.active": ("gauge", "{run}", ()),
    "foretell.agent.oldest_active.start_time": ("gauge", "s", ()),
    "foretell.agent.heartbeat.time": ("gauge", "s", ()),
    "foretell.agent.uptime": ("gauge", "s", ()),
    "foretell.calls": ("counter", "{call}", ("source", "target", "kind", "outcome")),
    "foretell.dependency.calls": ("counter", "{call}", ("dependency", "outcome")),
    "foretell.cost": ("counter", "{USD}", ("provider", "model")),
    "foretell.unpriced.tokens": ("counter", "{token}", ("provider", "model")),
    "foretell.budget.limit": ("gauge", "{USD}", ("period",)),
    "foretell.budget.spent": ("gauge", "{USD}", ("period",)),
    "foretell.context.utilization": ("histogram", "{fraction}", ("model",)),
    "foretell.findings": ("counter", "{finding}", ("trigger", "severity")),
    "foretell.finding.active": ("gauge", "{finding}", ("trigger", "severity")),
    "foretell.finding.time_to_resolve": ("histogram", "s", ("trigger",)),
    "foretell.event_loop.heartbeat.time": ("gauge", "s", ("thread.role",)),
    "foretell.thread.cpu": ("counter", "s", ("thread.role",)),
    "foretell.score": ("histogram", "{score}", ("name",)),
    "foretell.telemetry.started": ("counter", "{item}", ("signal", "reason")),
    "foretell.telemetry.ended": ("counter", "{item}", ("signal", "reason")),
    "foretell.telemetry.exported": ("counter", "{item}", ("signal", "reason")),
    "foretell.telemetry.dropped": ("counter", "{item}", ("signal", "reason")),
    "foretell.telemetry.truncated": ("counter", "{item}", ("signal", "reason")),
    "foretell.redactions": ("counter", "{match}", ("rule",)),
}


def test_our_metrics_are_those_that_dashboards_expect():
    """Names, kinds, units and labels are a promise to rules and dashboards."""
    assert OWN_METRICS == {metric.name: (metric.kind, metric.unit, metric.labels[1:]) for metric in own.METRICS}


def test_context_and_usage_are_known_of_an_unknown_model_too():
    """A model without a known window has no utilisation, and nothing is made up."""
    call = calls.llm(facts=InferenceFacts(provider="openai"), usage=Usage(1))

    assert [] == [name for name in span_attributes(call) if name.startswith("foretell.context.")]
