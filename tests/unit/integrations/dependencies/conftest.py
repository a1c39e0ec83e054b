"""A world in which frameworks and integrations tell of what they do."""

from __future__ import annotations

import pytest

from tests.unit.instrument.conftest import record as record
from tests.unit.integrations.dependencies.world import World


@pytest.fixture
def world(record):
    return World()
