"""What `shutdown()` does: the parts in reverse order; one that fails does not keep the next from being taken down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach

from foretell.errors import guard
from foretell.instrument import state
from foretell.instrument.provider import GLOBAL

if TYPE_CHECKING:
    from foretell.setup.running import Running


def take_down(running: Running) -> None:
    """Drain and undo everything that `init()` built."""
    timeout_s = running.settings.flush_timeout_s
    state.current = None
    if running.lifecycle is not None:
        running.lifecycle.undo()
    with guard("shutdown.provider"):
        if not running.settings.isolated:
            GLOBAL.vacate()
        if running.foreign is not None:
            running.foreign.runtime = None
    with guard("shutdown.meter"):
        if running.bridge is not None:
            running.bridge.disconnect()
    with guard("shutdown.processors"):
        for processor in running.provider.processors if running.provider is not None else ():
            processor.shutdown()
    with guard("shutdown.worker"):
        running.worker.close(timeout_s)
    with guard("shutdown.exporter"):
        if running.exporter is not None:
            running.exporter.close(timeout_s)
    with guard("shutdown.endpoint"):
        if running.endpoint is not None:
            running.endpoint.stop()
    with guard("shutdown.store"):
        if running.store is not None:
            running.store.close()
    if running.context_before is not None:
        attach(running.context_before)
