"""Every question of every panel, variable and annotation has an answer on the running servers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from tests.house.dashboard_source import DASHBOARDS, Question, list_questions
from tests.stack.desk import SERVICE, Desk
from tests.stack.panels.asking import Chosen, ask_prometheus, choose_all, has_answer
from tests.stack.road import wait_for
from tests.stack.runner import Stack
from tests.stack.troubles import Troubles

pytestmark = pytest.mark.stack

QUESTIONS = list_questions()
NEEDS_TEMPO = {"stack: Stored B"}
"""Asked of Prometheus, which hears it from Tempo."""
NEEDS_TROUBLE = {
    "errors: Runs that failed by themselves A",
    "stack: Redacted A",
    "triggers: agent_down A",
    "triggers: event_loop_blocked A",
    "triggers: slow_response B",
}
"""What the demo alone has nothing to show for."""


def each_question(language: str, but: Collection[str] = ()) -> pytest.MarkDecorator:
    asked = [question for question in QUESTIONS if question.language == language and question.where not in but]
    return pytest.mark.parametrize("question", asked, ids=[question.where for question in asked])


def find_question(where: str) -> Question:
    return next(question for question in QUESTIONS if question.where == where)


@pytest.fixture(scope="module")
def choose(stack: Stack, desk: Desk, troubles_ended: Troubles) -> Callable[[Question], Chosen]:
    """Everything chosen, in the dashboard of a question; the newest run of the demo that failed, where one run is."""
    run = next(run for run in desk.list_runs() if run["outcome"] == "error" and run["findings"])
    typed = Chosen(run=run["id"], trace=run["trace_id"])
    found = {name: choose_all(stack, dashboard, typed) for name, dashboard in DASHBOARDS.items()}
    return lambda question: found[question.where.partition(":")[0]]


@each_question("prometheus")
def test_prometheus_answers(stack: Stack, choose: Callable[[Question], Chosen], question: Question) -> None:
    if question.where in NEEDS_TEMPO and "tempo" not in stack.services:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    assert wait_for(lambda: has_answer(stack, question, choose(question)), 90)


@each_question("prometheus", but=NEEDS_TROUBLE | NEEDS_TEMPO)
def test_the_demo_alone_fills_what_needs_no_trouble(stack: Stack, desk: Desk, question: Question) -> None:
    """Whoever starts the stack and its demo sees something everywhere."""
    chosen = Chosen(job=desk.job, service=SERVICE, process=desk.job)
    assert wait_for(lambda: has_answer(stack, question, chosen), 90)


@each_question("loki")
def test_loki_answers(stack: Stack, choose: Callable[[Question], Chosen], question: Question) -> None:
    assert wait_for(lambda: has_answer(stack, question, choose(question)), 60)


@each_question("tempo")
def test_tempo_answers(stack: Stack, choose: Callable[[Question], Chosen], question: Question) -> None:
    """Its search leaves out the newest half minute."""
    if "tempo" not in stack.services:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    assert wait_for(lambda: has_answer(stack, question, choose(question)), 120)


# -- the sums ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that has worked once: over several processes Prometheus would have to estimate."""
    desk = Desk(tmp_path_factory.mktemp("one"), "once")
    desk.work(stack)
    return desk


def sum_up(desk: Desk) -> dict[str, float]:
    """What the embedded store says to the questions of the panels."""
    runs, spans = desk.list_runs(), desk.list_spans()
    agents = [span for span in spans if span["name"].startswith("invoke_agent ")]
    failed = [span for span in agents if span.get("status", {}).get("code") in {2, "STATUS_CODE_ERROR"}]
    spent = sum(run["cost_usd"] or 0.0 for run in runs)
    return {
        "fleet: Runs A": len(agents),
        "fleet: Failed A": len(failed),
        "fleet: Failed share A": len(failed) / len(agents),
        "fleet: Spent A": spent,
        "agent: Cost of a run A": spent / len(agents),
        "cost: Spent A": spent,
        "cost: Tokens A": sum(run["input_tokens"] + run["output_tokens"] for run in runs),
        "errors: Failed A": len(failed),
    }


@pytest.mark.parametrize(
    "where",
    [
        "fleet: Runs A", "fleet: Failed A", "fleet: Failed share A", "fleet: Spent A", "agent: Cost of a run A",
        "cost: Spent A", "cost: Tokens A", "errors: Failed A",
    ],
)  # fmt: skip
def test_a_sum_is_the_embedded_store_s(stack: Stack, one_desk: Desk, where: str) -> None:
    expected = sum_up(one_desk)[where]
    question, chosen = find_question(where), Chosen(job=one_desk.job, service=SERVICE)

    def look() -> list[dict[str, Any]]:
        found = ask_prometheus(stack, question, chosen)
        return [one for one in found if float(one["value"][1]) == pytest.approx(expected, rel=1e-9)]

    assert wait_for(look, 60), ask_prometheus(stack, question, chosen)


def test_the_table_of_agents_counts_each_agent_as_the_store_does(stack: Stack, one_desk: Desk) -> None:
    names = [span["name"].partition(" ")[2] for span in one_desk.list_spans() if "invoke_agent" in span["name"]]
    found = ask_prometheus(stack, find_question("fleet: Agents and what they did A"), Chosen(job=one_desk.job))

    assert {name: names.count(name) for name in names} == {
        one["metric"]["gen_ai_agent_name"]: float(one["value"][1]) for one in found
    }


def test_after_a_restart_a_sum_is_nearly_the_store_s(stack: Stack, desk: Desk) -> None:
    """A counter that begins anew is estimated; that the desk's two processes are one series is on purpose."""
    found = ask_prometheus(stack, find_question("fleet: Runs A"), Chosen(job=desk.job))

    assert float(found[0]["value"][1]) == pytest.approx(sum_up(desk)["fleet: Runs A"], rel=0.25)


# -- holes ------------------------------------------------------------------------------------------------------------

OFF = {
    "metrics": {"OTEL_METRICS_EXPORTER": "none"},
    "traces": {"OTEL_TRACES_EXPORTER": "none"},
    "logs": {"OTEL_LOGS_EXPORTER": "none"},
}


@pytest.fixture(scope="module")
def muted(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Desk]:
    """Desks that each keep one signal to themselves."""
    desks = {signal: Desk(tmp_path_factory.mktemp(signal), f"without-{signal}") for signal in OFF}
    for signal, desk in desks.items():
        desk.work(stack, **OFF[signal])
    return desks


def signals_of(question: Question) -> str:
    """The signal that a question needs."""
    if question.language == "loki":
        return "logs"
    return "traces" if question.language == "tempo" or "traces_span_metrics" in question.text else "metrics"


ABOUT_A_SERVICE = [
    question
    for question in QUESTIONS
    if question.language == "prometheus" and 'job=~"$job"' in question.text and " variable " not in question.where
]


@pytest.mark.parametrize("question", ABOUT_A_SERVICE, ids=[question.where for question in ABOUT_A_SERVICE])
def test_a_signal_that_does_not_arrive_is_a_hole(stack: Stack, muted: dict[str, Desk], question: Question) -> None:
    """Nothing is drawn, least of all a quiet line at 0."""
    desk = muted[signals_of(question)]

    assert not ask_prometheus(stack, question, Chosen(job=desk.job, named="nobody", process=desk.job))


@pytest.mark.parametrize("where", ["replay: Log A", "replay: Who spoke A"])
def test_lines_that_do_not_arrive_are_a_hole(stack: Stack, muted: dict[str, Desk], where: str) -> None:
    run = muted["logs"].list_runs()[0]
    question, chosen = find_question(where), Chosen(service=SERVICE, run=run["id"])

    assert not has_answer(stack, question, chosen)
    told = muted["metrics"].list_runs()
    assert wait_for(lambda: any(has_answer(stack, question, replace(chosen, run=one["id"])) for one in told))
