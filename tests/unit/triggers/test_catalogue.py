"""The catalogue of triggers: whole, consistent, and easy to ask."""

from __future__ import annotations

import re

import pytest

from foretell.errors import SettingError
from foretell.model.finding import Severity
from foretell.triggers.alerts import name_alert
from foretell.triggers.catalogue import CATALOGUE, find_trigger
from foretell.triggers.trigger import Trigger, Where


def each_trigger() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trigger", CATALOGUE, ids=lambda trigger: trigger.id)


def test_what_the_brief_fixes_is_there_with_its_severity() -> None:
    """A changed severity changes who is woken up."""
    critical = {
        "agent_blocked", "agent_down", "agent_loop", "cpu_spin", "deadlock", "error_rate", "event_loop_blocked",
        "memory_growth",
    }  # fmt: skip
    warning = {
        "context_overflow", "cost_burn", "cost_run_limit", "dependency_timeouts", "pattern_anomaly",
        "redaction_failure", "slow_response", "stall", "telemetry_gap",
    }  # fmt: skip

    assert critical == {trigger.id for trigger in CATALOGUE if trigger.severity is Severity.CRITICAL}
    assert warning == {trigger.id for trigger in CATALOGUE if trigger.severity is Severity.WARNING}
    assert {"unpriced_tokens"} == {trigger.id for trigger in CATALOGUE if trigger.severity is Severity.INFO}


@pytest.mark.parametrize(
    ("trigger", "limit", "default"),
    [
        ("slow_response", "factor", 2),
        ("error_rate", "share", 0.05),
        ("error_rate", "window_s", 300),
        ("memory_growth", "growth_mb_per_h", 50),
        ("cpu_spin", "share", 0.9),
        ("cpu_spin", "hold_s", 30),
        ("dependency_timeouts", "consecutive", 4),
        ("context_overflow", "share", 0.9),
        ("context_overflow", "forecast_turns", 3),
        ("agent_blocked", "blocked_s", 10),
        ("event_loop_blocked", "heartbeat_s", 10),
        ("stall", "after_tool_s", 30),
        ("cost_burn", "day_usd", 10),
        ("cost_burn", "month_usd", 300),
        ("cost_run_limit", "run_usd", 0.10),
        ("pattern_anomaly", "p", 0.01),
        ("agent_loop", "repeats", 4),
    ],
)
def test_the_numbers_are_those_of_the_brief(trigger: str, limit: str, default: float) -> None:
    """Everything else is read from the catalogue, so a slip here would spread."""
    assert default == {row.name: row.default for row in find_trigger(trigger).limits}[limit]


@pytest.mark.parametrize(
    ("trigger", "alert", "hold_s"),
    [
        ("agent_down", "AgentDown", 60),
        ("error_rate", "ErrorRate", 0),
        ("memory_growth", "MemoryGrowth", 1800),
        ("slow_response", "SlowResponse", 600),
        ("slow_response", "SlowResponseDrift", 600),
        ("cost_burn", "CostBurn", 3600),
        ("cost_run_limit", "CostRunLimit", 0),
        ("pattern_anomaly", "PatternAnomaly", 21600),
    ],
)
def test_the_holds_are_those_of_the_brief(trigger: str, alert: str, hold_s: float) -> None:
    """The error rate's five minutes are its window: it holds nothing back beside it."""
    assert hold_s == {row.name: row.hold_s for row in find_trigger(trigger).alerts}[alert]


def test_ids_variables_and_alerts_are_unique() -> None:
    """One name, one thing."""
    ids = [trigger.id for trigger in CATALOGUE]
    variables = [trigger.variable_of(limit) for trigger in CATALOGUE for limit in trigger.limits]
    alerts = [alert.name for trigger in CATALOGUE for alert in trigger.alerts]

    assert len(ids) == len(set(ids))
    assert len(variables) == len(set(variables))
    assert len(alerts) == len(set(alerts))


@each_trigger()
def test_each_trigger_says_what_it_means_and_what_to_do(trigger: Trigger) -> None:
    """The person who is paged reads these sentences first."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", trigger.id)
    assert trigger.meaning.endswith(".")
    assert trigger.advice.endswith((".", "?", ")"))
    assert trigger.limits
    assert all(limit.meaning.endswith((".", "…")) for limit in trigger.limits)


@each_trigger()
def test_each_limit_is_above_0_and_named_with_its_unit(trigger: Trigger) -> None:
    """`window_s` cannot be mistaken for minutes."""
    in_seconds = [limit.name for limit in trigger.limits if re.search(r"\b[Ss]econds\b", limit.meaning)]

    assert all(limit.default > 0 for limit in trigger.limits)
    assert [] == [name for name in in_seconds if not name.endswith("_s")]


@each_trigger()
def test_the_first_alert_bears_the_trigger_s_name(trigger: Trigger) -> None:
    """`agent_loop` pages as `AgentLoop`; further alerts begin with another word only where they tell of another thing."""
    assert name_alert(trigger.id) == trigger.alerts[0].name


@each_trigger()
def test_what_is_found_in_the_process_reaches_the_fleet(trigger: Trigger) -> None:
    """Where a detector judges, an alert looks at what it says."""
    tells = f'trigger="{trigger.id}"'

    assert (trigger.where is not Where.FLEET) == any(tells in alert.rule for alert in trigger.alerts)


def test_an_id_finds_its_trigger() -> None:
    assert find_trigger("agent_loop").id == "agent_loop"


@pytest.mark.parametrize(
    ("given", "nearest"), [("agent-loop", "agent_loop"), ("Stal", "stall"), ("deadlocks", "deadlock")]
)
def test_an_unknown_id_names_the_nearest(given: str, nearest: str) -> None:
    with pytest.raises(SettingError, match=f"There is no trigger '{given}'. Did you mean '{nearest}'?"):
        find_trigger(given)


def test_an_id_like_no_other_lists_them_all() -> None:
    with pytest.raises(SettingError, match=r"There are: slow_response, .*redaction_failure"):
        find_trigger("qqqq")
