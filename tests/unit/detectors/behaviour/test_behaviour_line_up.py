"""Each of these triggers has its detector, which the catalogue's limits are enough for."""

from __future__ import annotations

import pytest

from foretell.detectors.line_up import make_detectors
from tests.unit.detectors.behaviour.agents import default_limits

TRIGGERS = (
    "agent_loop", "stall", "pattern_anomaly", "slow_response", "error_rate", "dependency_timeouts",
    "context_overflow", "cost_burn", "cost_run_limit", "unpriced_tokens",
)  # fmt: skip


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_trigger_has_a_detector_that_says_nothing_before_anything_happened(trigger: str) -> None:
    """By the id of the catalogue."""
    (detector,) = make_detectors({trigger: default_limits(trigger)})

    assert trigger == detector.trigger
    assert [] == list(detector.judge(0))


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_run_that_nobody_saw_may_end(trigger: str) -> None:
    """It was too short to be seen open, or is told twice."""
    (detector,) = make_detectors({trigger: default_limits(trigger)})

    detector.end_run("ab" * 8, 1)

    assert [] == list(detector.judge(2))
