"""What the tests of the probes share."""

from __future__ import annotations

import pytest

from tests.unit.watchdog.some_tasks import Stage


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.close()
