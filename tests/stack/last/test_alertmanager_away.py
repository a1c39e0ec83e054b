"""What begins to fire while Alertmanager is away is told when it is back."""

from __future__ import annotations

import time

import pytest

from tests.stack.outages.load import restart
from tests.stack.paging.test_paging import tell_finding
from tests.stack.paging.told import list_alerts
from tests.stack.road import wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

AWAY_S = 30


def test_an_alert_waits_for_alertmanager(stack: Stack) -> None:
    stack.services["alertmanager"].stop(kill=True)
    tell_finding(stack, "agent_loop", "unheard", 1)
    time.sleep(AWAY_S)
    restart(stack, "alertmanager")

    assert wait_for(lambda: list_alerts(stack, alertname="AgentLoop", agent="unheard"), 120)
