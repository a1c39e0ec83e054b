"""What is over is told to be over."""

from __future__ import annotations

import time

import pytest

from foretell.triggers.alerts import name_alert
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Trigger
from tests.stack.paging.told import list_alerts
from tests.stack.road import wait_for
from tests.stack.runner import Stack
from tests.stack.troubles import SOURCES

pytestmark = pytest.mark.stack

# The longest window of a rule is ten minutes; a group speaks once a minute.
LONGEST_S = 780


@pytest.mark.parametrize("trigger", CATALOGUE, ids=lambda trigger: trigger.id)
def test_its_end_is_told(stack: Stack, ended_s: float, trigger: Trigger) -> None:
    labels = {"alertname": name_alert(trigger.id), "job": SOURCES[trigger.id].job}
    left_s = ended_s + LONGEST_S - time.time()

    (*_, alert) = wait_for(lambda: list_alerts(stack, "resolved", **labels), max(left_s, 5))
    assert alert["startsAt"] < alert["endsAt"]
