"""All that an operation needs while it runs, gathered by `bootstrap.init()`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from foretell.instrument.ids import IdSource
from foretell.instrument.otel.limits import SpanLimits

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.instrument.gates.gate import Gates
    from foretell.instrument.otel.spans import Spans
    from foretell.instrument.work.worker import Worker
    from foretell.model.call import Call


@dataclass(slots=True)
class Capture:
    """What of a call's content is kept."""

    inputs: bool = True
    outputs: bool = True
    is_exported: bool = False
    """Payloads may leave the machine: `content="export"`."""
    is_off: bool = False
    """`content="none"`: nothing is kept, whatever a decorator asks for."""
    limit_bytes: int = 10 * 2**20


@dataclass(slots=True)
class Runtime:
    """One running set-up. Built by `bootstrap`, used by every operation, replaced as a whole."""

    worker: Worker
    spans: Spans
    counts: Counts
    context_key: str
    """Under which the current operation stands in the OpenTelemetry context."""
    capture: Capture = field(default_factory=Capture)
    limits: SpanLimits = field(default_factory=SpanLimits)
    ids: IdSource = field(default_factory=IdSource)
    wall_ns: Callable[[], int] = time.time_ns
    tick_ns: Callable[[], int] = time.perf_counter_ns
    open_calls: dict[int, Call] = field(default_factory=dict)
    rss_bytes: Callable[[], int | None] = lambda: None
    """Resident memory at its last sample."""
    gate: Gates | None = None
    """What operations pass at their opening while any run is held; None lets everything pass."""
    pid: int = field(default_factory=os.getpid)
