"""The fleet's rules have a team's own limits, budgets and agents."""

from __future__ import annotations

from pathlib import Path

from foretell.settings import load_settings
from foretell.triggers.fleet_files import make_files
from foretell.triggers.prometheus import render_expected_agents, render_rules

NOWHERE = Path("/nowhere")


def test_where_nobody_set_anything_they_are_those_that_are_shipped():
    made = make_files(load_settings({}, {}, NOWHERE))

    assert {"triggers.yml": render_rules(), "expected.yml": render_expected_agents()} == made


def test_limits_and_expected_agents_are_in_them():
    environ = {"FORETELL_TRIGGER_ERROR_RATE_SHARE": "0.2", "FORETELL_EXPECTED_AGENTS": "planner,writer"}
    made = make_files(load_settings({}, environ, NOWHERE))

    assert "error_ratio:5m > 0.2" in made["triggers.yml"]
    assert render_expected_agents(["planner", "writer"]) == made["expected.yml"]


def test_a_budget_is_a_limit_too():
    made = make_files(load_settings({}, {"FORETELL_BUDGET_DAY_USD": "25"}, NOWHERE))
    part = made["triggers.yml"].partition("trigger: cost_burn\n          limit: day_usd")[0]

    assert part.rstrip().endswith("expr: vector(25)\n        labels:")
