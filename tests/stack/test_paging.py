"""A finding in a process becomes a page: metric → rule → Alertmanager → webhook."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.stack.road import gauge, send, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack


def tell_finding(stack: Stack, trigger: str, agent: str, value: int) -> None:
    """Say as the SDK does that a finding is there, or is over."""
    labels = {"gen_ai.agent.name": agent, "trigger": trigger, "severity": "critical"}
    body = gauge("desk", "foretell.finding.active", "{finding}", value, labels)
    send(f"{stack.url('otel-collector', 4318)}/v1/metrics", body)


def alerts_about(stack: Stack, agent: str, status: str = "firing") -> list[dict[str, Any]]:
    """The alerts about an agent that the webhook was told."""
    alerts = [alert for told in stack.told for alert in told["alerts"]]
    return [alert for alert in alerts if alert["labels"].get("agent") == agent and alert["status"] == status]


def test_a_finding_reaches_the_phone_with_what_to_do(stack: Stack) -> None:
    """Within half a minute of the metric: evaluation up to 15 s, and the group's wait of 5 s."""
    begun = time.monotonic()
    tell_finding(stack, "agent_loop", "circling", 1)
    (alert,) = wait_for(lambda: alerts_about(stack, "circling"), 60)

    assert time.monotonic() - begun < 30
    assert ("AgentLoop", "critical", "agent_loop") == tuple(
        alert["labels"][name] for name in ("alertname", "severity", "trigger")
    )
    assert alert["annotations"]["summary"].startswith("circling: ")
    assert alert["annotations"]["runbook_url"].endswith("/runbooks/agent_loop")
    assert "var-agent=circling" in alert["annotations"]["dashboard_url"]


def test_what_follows_from_a_loop_is_not_told_beside_it(stack: Stack) -> None:
    """The loop is told; the window that it fills is not, though its alert fires."""
    for trigger in ("agent_loop", "context_overflow"):
        tell_finding(stack, trigger, "filling", 1)
    wait_for(lambda: alerts_about(stack, "filling"), 60)
    time.sleep(10)

    assert {"AgentLoop"} == {alert["labels"]["alertname"] for alert in alerts_about(stack, "filling")}
