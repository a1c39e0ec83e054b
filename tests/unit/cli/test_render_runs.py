"""How lists of runs, costs and prices look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from builders import MS, START_NS, draw, fail, make_call, make_model_call, make_root, make_run

from foretell.cli.render.costs import render_costs
from foretell.cli.render.prices import render_prices
from foretell.cli.render.runs import render_runs
from foretell.cli.render.sums import sum_by_agent_and_model
from foretell.cli.run import say_recorded
from foretell.cost.prices import PriceRow
from foretell.model.kinds import Kind, Outcome

NOW_NS = START_NS + 65_000 * MS


def rows(runs, width=140):
    return [line.split() for line in draw(render_runs(runs, width, NOW_NS), width).splitlines()]


@pytest.fixture
def summary():
    return make_run(make_root(), make_model_call("gpt-4o-mini", 0, 500, id=2, cost_usd=0.0021)).summary


def test_a_run_is_one_line(summary):
    assert [
        ["run", "agent", "outcome", "when", "took", "calls", "tokens", "cost"],
        ["a1b2c3d4", "triage", "✓", "ok", "1", "m", "ago", "2.00", "s", "2", "120", "$0.0021"],
    ] == rows([summary])


def test_unknown_costs_and_no_costs_are_told_apart(summary):
    unknown = replace(summary, cost_usd=None, unpriced_calls=1)
    bound = replace(summary, cost_usd=0.001, unpriced_calls=1)
    nothing = replace(summary, cost_usd=None, unpriced_calls=0)

    assert ["unknown", "$0.0010", "–"] == [line[-1] for line in rows([unknown, bound, nothing])[1:]]
    assert "≥" == rows([bound])[1][-2]


def test_findings_and_reasons_are_columns_only_where_there_are_any(summary):
    troubled = replace(summary, outcome=Outcome.ERROR, finding_count=2, error_message="the bank is closed")

    assert ["findings", "why"] == rows([troubled])[0][-2:]
    assert ["▲", "2", "the", "bank", "is", "closed"] == rows([troubled])[1][-6:]


@pytest.mark.parametrize("width", [30, 44, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(summary, width):
    troubled = replace(summary, agent_name="a" * 60, error_message="why " * 50, outcome=Outcome.ERROR, finding_count=3)

    lines = draw(render_runs([troubled], width, NOW_NS), width).splitlines()

    assert width >= max(map(len, lines))
    assert lines[1].startswith("a1b2c3d4")


def test_costs_are_summed_by_agent_and_model_with_the_unknown_first():
    run = make_run(
        make_root(),
        make_model_call("gpt-4o-mini", 0, 1, id=2, cost_usd=0.001),
        make_model_call("gpt-4o-mini", 2, 1, id=3, cost_usd=0.002),
        make_model_call("desk-local-8b", 4, 1, id=4, cost_usd=None),
    )

    lines = [line.split() for line in draw(render_costs(sum_by_agent_and_model([run, run]), 100)).splitlines()]

    assert [
        ["agent", "model", "calls", "input", "cached", "output", "cost"],
        ["triage", "desk-local-8b", "2", "200", "–", "40", "unknown"],
        ["triage", "gpt-4o-mini", "4", "400", "–", "80", "$0.0060"],
        ["total", "6", "≥", "$0.0060"],
    ] == lines


def test_a_failed_model_call_without_tokens_makes_no_cost_unknown():
    failed = fail(make_call(Kind.LLM, "gpt-4o-mini", 0, 1, id=2), "RateLimitError", "429")

    (entry,) = sum_by_agent_and_model([make_run(make_root(), failed)])

    assert (1, 1, 0) == (entry.calls, entry.failed, entry.unpriced_calls)


def test_one_recorded_run_is_told_in_one_line(summary):
    assert "foretell: run a1b2c3d4 · ok · 2 calls · cost $0.0021 · see it: foretell show a1b2c3d4" == say_recorded(
        [summary]
    )


def test_many_recorded_runs_are_summed_in_one_line(summary):
    failed = replace(summary, outcome=Outcome.ERROR, cost_usd=None, unpriced_calls=1)

    assert (
        "foretell: 2 runs · 1 did not end well · 4 calls · cost ≥ $0.0021 · see them: foretell runs -n 2"
        == say_recorded([failed, summary])
    )


def test_a_program_that_recorded_nothing_says_what_to_do():
    assert "@foretell.instrument_agent" in say_recorded([])
    assert "@foretell.instrument_agent" in say_recorded([], {"json", "os"})


def test_a_price_that_is_not_known_is_a_dash():
    row = PriceRow("openai", "gpt-4o-mini", 0.15, 0.6, 0.075, None, True, 128_000, "genai-prices", date(2026, 11, 1))

    lines = draw(render_prices([row], 120), 120).splitlines()

    assert [
        "openai",
        "gpt-4o-mini",
        "0.15+",
        "0.60+",
        "0.075+",
        "–",
        "128",
        "k",
        "genai-prices",
        "2026-11-01",
    ] == lines[1].split()
