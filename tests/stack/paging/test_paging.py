"""A finding in a process becomes a page: metric → rule → Alertmanager → webhook."""

from __future__ import annotations

import time

import pytest

from tests.stack.paging.told import list_alerts
from tests.stack.road import gauge, send, wait_for
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


def test_what_follows_from_a_loop_is_not_told_beside_it(stack: Stack) -> None:
    """The loop is told; the window that it fills is not, though its alert fires."""
    for trigger in ("agent_loop", "context_overflow"):
        tell_finding(stack, trigger, "filling", 1)
    wait_for(lambda: list_alerts(stack, agent="filling"), 60)
    time.sleep(10)

    assert {"AgentLoop"} == {alert["labels"]["alertname"] for alert in list_alerts(stack, agent="filling")}
