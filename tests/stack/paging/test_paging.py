"""A finding in a process becomes a page: metric → rule → Alertmanager → webhook."""

from __future__ import annotations

import time

import pytest

from tests.stack.paging.told import list_alerts, list_messages
from tests.stack.road import ask, gauge, send, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack


def tell_finding(stack: Stack, trigger: str, agent: str, value: int) -> None:
    """Say as the SDK does that a finding is there, or is over."""
    labels = {"gen_ai.agent.name": agent, "trigger": trigger, "severity": "critical"}
    body = gauge("desk", "foretell.finding.active", "{finding}", value, labels)
    send(f"{stack.url('otel-collector', 4318)}/v1/metrics", body)


def test_a_finding_reaches_the_phone_within_half_a_minute(stack: Stack) -> None:
    """Of the metric: evaluation up to 10 s, and the group's wait of 5 s."""
    begun_s = time.time()
    tell_finding(stack, "agent_loop", "circling", 1)
    (alert,) = wait_for(lambda: list_alerts(stack, agent="circling"), 60)

    assert alert["came_s"] - begun_s < 30
    assert ("AgentLoop", "critical", "agent_loop") == tuple(
        alert["labels"][name] for name in ("alertname", "severity", "trigger")
    )


def test_a_sign_of_life_goes_to_whom_it_is_for_and_to_nobody_else(stack: Stack) -> None:
    (sign, *_) = wait_for(lambda: list_messages(stack, "/alive"), 90)

    assert {"DeadMansSwitch"} == {alert["labels"]["alertname"] for alert in sign["alerts"]}
    assert [] == list_alerts(stack, alertname="DeadMansSwitch")


FOLLOWS = {
    "agent_loop": "context_overflow",
    "deadlock": "agent_blocked",
    "cpu_spin": "stall",
    "event_loop_blocked": "stall",
    "dependency_timeouts": "stall",
}
"""A trouble → what follows from it, and is not told beside it."""


@pytest.mark.parametrize("cause", FOLLOWS)
def test_what_follows_from_a_trouble_is_not_told_beside_it(stack: Stack, cause: str) -> None:
    """Its alert fires, too; Alertmanager has it and says by what it is held back."""
    agent = f"with_{cause}"
    tell_finding(stack, cause, agent, 1)
    wait_for(lambda: list_alerts(stack, agent=agent), 60)
    tell_finding(stack, FOLLOWS[cause], agent, 1)
    wait_for(lambda: find_held_back(stack, agent, FOLLOWS[cause]), 60)

    assert {cause} == {alert["labels"]["trigger"] for alert in list_alerts(stack, agent=agent)}


def find_held_back(stack: Stack, agent: str, trigger: str) -> list[str]:
    """By which alerts Alertmanager holds back what a trigger says of an agent."""
    alerts = ask(f"{stack.url('alertmanager', 9093)}/api/v2/alerts", filter=f'agent="{agent}"')
    return [by for alert in alerts if alert["labels"]["trigger"] == trigger for by in alert["status"]["inhibitedBy"]]
