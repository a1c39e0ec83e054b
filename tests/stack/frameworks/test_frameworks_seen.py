"""Agents that know nothing of us, one of each family, are browsed in Jaeger and counted on the dashboards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from foretell.model.kinds import Kind
from tests.contracts.frameworks.contract import Contract
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import Played, play
from tests.contracts.frameworks.table import CONTRACTS
from tests.house.dashboard_source import DASHBOARDS, list_questions
from tests.stack.desk import Desk
from tests.stack.panels.asking import Chosen, ask_prometheus, list_options
from tests.stack.road import read_tags, wait_for
from tests.stack.runner import Stack
from tests.stack.trees import find_whole, read_jaeger, split_by_trace

pytestmark = pytest.mark.stack

FAMILIES = ("langchain", "langgraph", "openai-agents", "anthropic", "mcp")
"""Two of an independent framework, one of a vendor's, a client and a protocol."""
NAMESPACE = "frameworks"
KINDS = {"invoke_agent": "agent", "invoke_workflow": "workflow", "chat": "llm", "execute_tool": "tool"}
"""The conventions' names of operations → ours; what has none is a span."""
QUESTIONS = {question.where: question for question in list_questions()}

each_family = pytest.mark.parametrize(
    "contract", [contract for contract in CONTRACTS if contract.name in FAMILIES], ids=lambda contract: contract.name
)
Get = Callable[[Contract], Played]


@pytest.fixture(scope="module")
def played(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Get:
    """Each program has been played once, under `foretell run`; what cannot be installed here is not proven."""
    folder = tmp_path_factory.mktemp("frameworks")
    with ThreadPoolExecutor(2) as pool:
        plays = {one.name: pool.submit(_play, stack, one, folder) for one in CONTRACTS if one.name in FAMILIES}
    return lambda contract: _get(plays[contract.name])


def _play(stack: Stack, contract: Contract, folder: Path) -> Played:
    return play(
        contract,
        folder / contract.name / "program",
        contract.cases,
        OTEL_EXPORTER_OTLP_ENDPOINT=stack.url("otel-collector", 4318),
        OTEL_SERVICE_NAME=contract.name,
        OTEL_RESOURCE_ATTRIBUTES=f"service.namespace={NAMESPACE},deployment.environment.name=test",
    )


def _get(playing: Future[Played]) -> Played:
    try:
        done = playing.result()
    except NotProven as reason:
        pytest.skip(f"not proven here: {reason}")
    assert 0 == done.returncode, done.stderr
    return done


@each_family
def test_its_tree_in_jaeger_is_the_contract_s_and_the_store_s(stack: Stack, played: Get, contract: Contract) -> None:
    """Names, kinds, parents and what failed as the contract has them; ids, times, tokens and cost as the store has."""
    stored = split_by_trace(Desk(played(contract).directory, NAMESPACE).list_spans())
    traces = []
    for trace_id, tree in stored.items():
        url = f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}"
        traces.append(wait_for(partial(find_whole, url, len(tree))))
        assert tree == read_jaeger(traces[-1])

    assert "\n".join(map(contract.tree_of, contract.cases)) == draw(traces)


def draw(traces: list[dict[str, Any]]) -> str:
    """What Jaeger has, as contracts write it: each trace's calls below their parents, in the order of their begin."""
    spans = sorted((span for trace in traces for span in trace["spans"]), key=lambda span: span["startTime"])
    children: dict[str | None, list[dict[str, Any]]] = {}
    for span in spans:
        parents = [one["spanID"] for one in span["references"]]
        children.setdefault(parents[0] if parents else None, []).append(span)

    def draw_below(parent: str | None, depth: int) -> list[str]:
        return [
            line
            for span in children.get(parent, ())
            for line in (f"{'  ' * depth}{describe(span)}", *draw_below(span["spanID"], depth + 1))
        ]

    return "\n".join(draw_below(None, 0))


def describe(span: dict[str, Any]) -> str:
    """Kind, name, and `!` where it failed; a protocol's other side is no call of its own."""
    tags = read_tags(span)
    operation = tags.get("gen_ai.operation.name")
    is_other_side = "mcp.method.name" in tags and tags["span.kind"] == "server"
    kind = "span" if is_other_side else KINDS.get(operation, "span")
    name = tags["gen_ai.tool.name"] if kind == "tool" else span["operationName"].removeprefix(f"{operation} ")
    return f"{kind} {name}{' !' if tags.get('error') else ''}"


PANELS = {
    "fleet: Agents and what they did A": ("gen_ai_agent_name",),
    "fleet: Edges of the agent graph A": ("kind", "target"),
    "cost: Agents and models A": ("gen_ai_agent_name", "model"),
    "cost: Tokens A": (),
}
"""Runs, calls, cost and tokens, and what each is counted by."""
Sums = dict[tuple[str, ...], float]


@each_family
def test_the_dashboards_count_it(stack: Stack, played: Get, contract: Contract) -> None:
    """By agent and by model, as the embedded store has it; what it does not do is not drawn."""
    expected = sum_up(played(contract))
    chosen = Chosen(job=f"{NAMESPACE}/{contract.name}", service=contract.name)

    def look() -> dict[str, Sums]:
        return {where: read(ask_prometheus(stack, QUESTIONS[where], chosen), by) for where, by in PANELS.items()}

    with suppress(AssertionError):
        wait_for(lambda: look() == expected, 60)
    assert expected == look()


def sum_up(played: Played) -> dict[str, Sums]:
    """What the embedded store says to the panels' questions."""
    runs, edges, spent, tokens = (Counter[tuple[str, ...]]() for _ in PANELS)
    for call in played.calls:
        if call.kind is not Kind.SPAN:
            edges[call.kind.value, call.name] += 1
        if call.kind is Kind.AGENT:
            runs[(call.name,)] += 1
        if call.kind is Kind.LLM and call.usage and call.cost:
            spent[call.agent_name or "", call.name] += call.cost.amount_usd
            tokens[()] += (call.usage.input_tokens or 0) + (call.usage.output_tokens or 0)
    found = zip(PANELS, (runs, edges, spent, tokens), strict=True)
    return {where: {row: pytest.approx(value) for row, value in sums.items()} for where, sums in found}


def read(series: list[dict[str, Any]], by: tuple[str, ...]) -> Sums:
    """A panel's answer, by what its rows are about."""
    sums: Counter[tuple[str, ...]] = Counter()
    for one in series:
        sums[tuple(one["metric"].get(name, "") for name in by)] += float(one["value"][1])
    return dict(sums)


@each_family
@pytest.mark.parametrize("dashboard", ["fleet", "agent", "cost"])
def test_it_can_be_chosen(stack: Stack, played: Get, contract: Contract, dashboard: str) -> None:
    """A program without an agent too: it makes calls and spends money like the others."""
    assert played(contract)
    (jobs,) = (one for one in DASHBOARDS[dashboard]["templating"]["list"] if one["name"] == "job")

    assert wait_for(lambda: f"{NAMESPACE}/{contract.name}" in list_options(stack, jobs, Chosen()), 30)
