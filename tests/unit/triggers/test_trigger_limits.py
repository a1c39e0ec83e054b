"""Limits of triggers: defaults, what a team sets over them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.errors import SettingError
from foretell.settings import load_settings
from foretell.triggers.catalogue import find_trigger
from foretell.triggers.limits import check_extras, read_all_limits, read_effective_limits, read_limits


def test_without_settings_the_defaults_hold() -> None:
    assert {"run_usd": 0.10} == read_limits(find_trigger("cost_run_limit"), {})


def test_a_variable_sets_one_limit_and_leaves_the_others() -> None:
    limits = read_limits(find_trigger("cpu_spin"), {"FORETELL_TRIGGER_CPU_SPIN_HOLD_S": "2.5"})

    assert {"share": 0.9, "hold_s": 2.5, "same_stack_share": 0.8, "stack_samples": 10} == limits


def test_limits_come_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    """The environment wins, as with every setting."""
    (tmp_path / "foretell.toml").write_text("[trigger.agent_loop]\nrepeats = 6\nhandoffs = 9\n")
    settings = load_settings({}, {"FORETELL_TRIGGER_AGENT_LOOP_HANDOFFS": "5"}, tmp_path)

    limits = read_all_limits(settings.extras)["agent_loop"]

    assert (6, 5) == (limits["repeats"], limits["handoffs"])


def test_every_trigger_has_its_limits() -> None:
    assert {"after_tool_s": 30} == read_all_limits({})["stall"]


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1,5", "30 s"])
def test_what_is_no_number_above_0_is_refused_with_what_to_type(value: str) -> None:
    with pytest.raises(SettingError) as refused:
        check_extras({"FORETELL_TRIGGER_STALL_AFTER_TOOL_S": value})

    assert (
        f"The variable FORETELL_TRIGGER_STALL_AFTER_TOOL_S is {value!r}, but must be a number above 0.\n"
        "The default is: FORETELL_TRIGGER_STALL_AFTER_TOOL_S=30"
    ) == str(refused.value)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("FORETELL_TRIGGER_AGENT_LOOP_REPEAT", "Did you mean 'FORETELL_TRIGGER_AGENT_LOOP_REPEATS'?"),
        ("FORETELL_TRIGGER_STALLS_AFTER_TOOL_S", "Did you mean 'FORETELL_TRIGGER_STALL_AFTER_TOOL_S'?"),
        ("FORETELL_TRIGGER_STALL_PATIENCE", "'stall' has: FORETELL_TRIGGER_STALL_AFTER_TOOL_S."),
        ("FORETELL_TRIGGER_ZZ", "`foretell triggers` lists all limits."),
    ],
)
def test_an_unknown_limit_is_refused_with_help_to_find_it(variable: str, hint: str) -> None:
    with pytest.raises(SettingError) as refused:
        check_extras({variable: "3"})

    assert f"There is no limit for the variable {variable}. {hint}" == str(refused.value)


def test_variables_of_other_tables_are_left_alone() -> None:
    check_extras({"FORETELL_CARRIED_RUN": "x"})


def test_a_budget_that_is_set_goes_before_the_limit(tmp_path):
    """Each for its own limit; the others stay as they are."""
    limits = read_effective_limits(load_settings({"budget_day_usd": 3.0}, {}, tmp_path))

    assert (3.0, 300) == (limits["cost_burn"]["day_usd"], limits["cost_burn"]["month_usd"])
    assert 0.10 == limits["cost_run_limit"]["run_usd"]
