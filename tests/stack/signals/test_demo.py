"""The demo fleet against the stack: every store behind the collector tells of a run what the embedded store tells."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.stack.desk import SERVICE, Desk
from tests.stack.images import ROOT
from tests.stack.road import ask, wait_for
from tests.stack.runner import Stack
from tests.stack.trees import find_whole, read_jaeger, read_otlp, split_by_trace

pytestmark = pytest.mark.stack

RULES = ROOT / "deploy" / "prometheus" / "rules"


def test_every_run_has_the_same_tree_in_jaeger_as_in_the_embedded_store(stack: Stack, desk: Desk) -> None:
    """Names, parents, times, tokens and cost."""
    expected = split_by_trace(desk.list_spans())
    assert len(desk.list_runs()) == len(expected) >= 20

    for trace_id, tree in expected.items():
        url = f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}"
        trace = wait_for(partial(find_whole, url, len(tree)))
        assert tree == read_jaeger(trace)


def test_every_run_has_the_same_tree_in_tempo(stack: Stack, desk: Desk) -> None:
    if "tempo" not in stack.services:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    for trace_id, tree in split_by_trace(desk.list_spans()).items():
        url = f"{stack.url('tempo', 3200)}/api/v2/traces/{trace_id}"
        spans = wait_for(partial(find_whole_in_tempo, url, len(tree)))
        assert tree == read_otlp(spans)


def find_whole_in_tempo(url: str, size: int) -> list[dict[str, Any]] | None:
    """The spans of a trace in Tempo, once all are there; it writes ids in base64."""
    parts = ask(url)["trace"]["resourceSpans"]
    spans = [span for part in parts for scope in part["scopeSpans"] for span in scope["spans"]]
    return [{**span, **read_ids(span)} for span in spans] if len(spans) >= size else None


def read_ids(span: dict[str, Any]) -> dict[str, str]:
    """Ids in hexadecimal digits."""
    return {name: base64.b64decode(span[name]).hex() for name in ("spanId", "parentSpanId") if span.get(name)}


@pytest.mark.usefixtures("troubles_ended")
def test_every_series_that_a_rule_asks_for_is_there(stack: Stack, desk: Desk) -> None:
    """After the demo and the programs in trouble; a rule on a name that nobody sends never fires."""
    text = "".join(path.read_text("utf-8") for path in RULES.glob("*.yml"))
    rules = re.sub(r"^ *(#|summary|description|runbook_url|dashboard_url|trace_url).*$", "", text, flags=re.MULTILINE)
    labels = {"gen_ai_agent_name"}
    asked = set(re.findall(r"(?<![\w:$.])(?:foretell|gen_ai|process)_\w+(?![\w:])", rules)) - labels
    url = f"{stack.url('prometheus', 9090)}/api/v1/label/__name__/values"

    recorded = set(re.findall(r"record: (\S+)", rules))
    assert len(asked) > 15

    def find_absent() -> set[str]:
        return (asked | recorded) - set(ask(url)["data"])

    with suppress(AssertionError):
        wait_for(lambda: not find_absent(), 120)
    assert set() == find_absent()


@pytest.mark.parametrize(
    "series", ["gen_ai_invoke_agent_duration_seconds_bucket", "traces_span_metrics_duration_seconds_bucket"]
)
def test_a_dot_in_a_panel_leads_to_its_trace(stack: Stack, desk: Desk, series: str) -> None:
    """Exemplars, of what the SDK measures and of what the collector counts."""
    url = f"{stack.url('prometheus', 9090)}/api/v1/query_exemplars"
    asked = {"query": f'{series}{{job="{desk.job}"}}', "start": "0", "end": "9999999999"}
    found = wait_for(lambda: ask(url, **asked)["data"], 60)
    traces = {dot["labels"]["trace_id"] for one in found for dot in one["exemplars"]}

    assert traces
    assert traces <= {run["trace_id"] for run in desk.list_runs()}
    for trace_id in traces:
        assert ask(f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}")["data"]


def test_the_lines_of_a_run_are_in_loki_by_its_trace(stack: Stack, desk: Desk) -> None:
    """As many as the embedded store has, each with the span that it was written in."""
    run = next(run for run in desk.list_runs() if run["outcome"] == "error")
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    query = f'{{service_name="{SERVICE}"}} | trace_id="{run["trace_id"]}"'
    streams = wait_for(lambda: ask(url, query=query)["data"]["result"])
    spans = {span["spanId"] for span in desk.list_spans() if span["traceId"] == run["trace_id"]}

    # What is found about a whole process names no run.
    assert {run["id"]} == {stream["stream"].get("foretell_run_id") for stream in streams} - {None}
    assert {stream["stream"]["span_id"] for stream in streams} <= spans


def test_the_doctor_is_content(stack: Stack, desk: Desk) -> None:
    endpoint = stack.url("otel-collector", 4318)
    found = json.loads(desk.ask("doctor", "--json", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint))

    assert [] == [check for check in found["checks"] if check["level"] == "trouble"]
    assert not found["has_trouble"]
