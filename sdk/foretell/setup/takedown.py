"""What `shutdown()` does: the parts in reverse order; one that fails does not keep the next from being taken down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current

from foretell.errors import FAULTS, guard
from foretell.instrument import state
from foretell.instrument.otel.provider import GLOBAL
from foretell.instrument.otel.redirect import METER

if TYPE_CHECKING:
    from foretell.setup.running import Running


def finish(running: Running, timeout_s: float) -> None:
    """Write and send what has ended, say goodbye, and let what ends later be written at once: the process ends."""
    if running.is_child and running.worker.is_untouched:
        return  # it has recorded nothing, and is nobody to any collector
    deadline_s = time.monotonic() + timeout_s
    if running.exporter is not None:
        running.exporter.stop_waiting()
    running.worker.close(timeout_s, for_good=False)
    if running.exporter is not None:
        running.exporter.finish(max(0.0, deadline_s - time.monotonic()))
        running.save_counts()


def take_down(running: Running) -> None:
    """Drain and undo everything that `init()` built."""
    timeout_s = running.settings.flush_timeout_s
    state.current = None
    with guard("shutdown.integrations"):
        running.integrations_off()
    with guard("shutdown.provider"):
        if not running.settings.isolated:
            GLOBAL.vacate()
        if running.foreign is not None:
            running.foreign.forget()
    with guard("shutdown.meter"):
        METER.end()
        if running.bridge is not None:
            running.bridge.disconnect()
    with guard("shutdown.worker"):
        if running.runtime is not None:
            running.worker.close(timeout_s)
    with guard("shutdown.processors"):  # after the worker, who tells them of the last spans
        if running.provider is not None:
            running.provider.shutdown()
    with guard("shutdown.exporter"):
        if running.exporter is not None:
            running.exporter.close(timeout_s)
            running.save_counts()
    with guard("shutdown.endpoint"):
        if running.endpoint is not None:
            running.endpoint.stop()
    with guard("shutdown.store"):
        if running.store is not None:
            running.store.close()
    with guard("shutdown.probe"):
        if running.probe is not None:
            running.probe.close()
    with guard("shutdown.lifecycle"):  # last: a signal or an exit meanwhile finds it there
        if running.lifecycle is not None:
            running.lifecycle.undo()
    FAULTS.clean = None
    if running.context_joined is not None and get_current() is running.context_joined[1]:
        attach(running.context_joined[0])
