"""What is over is told to be over."""

from __future__ import annotations

import time

import pytest

from foretell.triggers.alerts import name_alert
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Trigger
from tests.stack.paging.told import list_alerts
from tests.stack.road import counter, send, wait_for
from tests.stack.runner import Stack
from tests.stack.troubles import SOURCES, Troubles

pytestmark = pytest.mark.stack

# The longest window of a rule is ten minutes; a group speaks once a minute.
LONGEST_S = 780


@pytest.fixture(scope="module")
def ended_s(stack: Stack, troubles_ended: Troubles) -> float:
    """When the last of the troubles was ended."""
    troubles_ended.end()
    for runs in (0, 100_000):
        body = counter(
            "troubled", "foretell.agent.runs", "{run}", runs, {"gen_ai.agent.name": "stray", "outcome": "ok"}
        )
        body["resourceMetrics"][0]["resource"]["attributes"].append(
            {"key": "service.namespace", "value": {"stringValue": "stray"}}
        )
        send(f"{stack.url('otel-collector', 4318)}/v1/metrics", body)
        time.sleep(2)
    return time.time()


@pytest.mark.parametrize("trigger", CATALOGUE, ids=lambda trigger: trigger.id)
def test_its_end_is_told(stack: Stack, ended_s: float, trigger: Trigger) -> None:
    labels = {"alertname": name_alert(trigger.id), "job": SOURCES[trigger.id].job}
    left_s = ended_s + LONGEST_S - time.time()

    (*_, alert) = wait_for(lambda: list_alerts(stack, "resolved", **labels), max(left_s, 5))
    assert alert["startsAt"] < alert["endsAt"]
