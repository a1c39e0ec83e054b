"""All suites, in the order of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.detection.stories import loops, resources, service, spending, steps, telemetry, waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.detection.suite import Suite

SUITES: Sequence[Suite] = (
    *service.SUITES,
    loops.AGENT_LOOP,
    *steps.SUITES,
    *waiting.SUITES,
    *resources.SUITES,
    *spending.SUITES,
    *telemetry.SUITES,
)
"""One for each trigger that is judged in the process."""
