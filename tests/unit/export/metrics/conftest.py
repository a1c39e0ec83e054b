"""What the tests of the metrics sink begin with."""

from __future__ import annotations

import pytest

from foretell.model.kinds import Kind
from tests.unit.export.metrics.metrics_world import World


@pytest.fixture
def world():
    return World()


@pytest.fixture
def planner(world):
    return world.call(Kind.AGENT, "planner")
