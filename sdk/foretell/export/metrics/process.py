"""What the process and Foretell's own bookkeeping add to the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes
    from foretell.export.metrics.registry import Metrics
    from foretell.model.process import ProcessSample
    from foretell.semconv.table import Metric

FATES = {
    "started": table.TELEMETRY_STARTED,
    "ended": table.TELEMETRY_ENDED,
    "exported": table.TELEMETRY_EXPORTED,
    "dropped": table.TELEMETRY_DROPPED,
    "truncated": table.TELEMETRY_TRUNCATED,
}

_USER: Attributes = (("cpu.mode", "user"),)
_SYSTEM: Attributes = (("cpu.mode", "system"),)
_RECEIVE: Attributes = (("network.io.direction", "receive"),)
_TRANSMIT: Attributes = (("network.io.direction", "transmit"),)
_READ: Attributes = (("disk.io.direction", "read"),)
_WRITE: Attributes = (("disk.io.direction", "write"),)


def set_process(metrics: Metrics, sample: ProcessSample) -> None:
    """Set the process's metrics to what one look at it gave; what the system does not tell stays away."""
    metrics.set(table.PROCESS_THREADS, (), sample.thread_count)
    for gauge, now in ((table.PROCESS_MEMORY, sample.rss_bytes), (table.PROCESS_FILES, sample.open_files)):
        if now is not None:
            metrics.set(gauge, (), now)
    totals: tuple[tuple[Metric, Attributes, float | None], ...] = (
        (table.PROCESS_CPU, _USER, sample.cpu_user_s),
        (table.PROCESS_CPU, _SYSTEM, sample.cpu_system_s),
        (table.PROCESS_NETWORK, _RECEIVE, sample.received_bytes),
        (table.PROCESS_NETWORK, _TRANSMIT, sample.sent_bytes),
        (table.PROCESS_DISK, _READ, sample.read_bytes),
        (table.PROCESS_DISK, _WRITE, sample.written_bytes),
    )
    for counter, labels, total in totals:
        if total is not None:
            metrics.set_total(counter, labels, total, is_from_zero=False)
    for role, cpu_s in sample.role_cpu_s.items():
        metrics.set_total(table.THREAD_CPU, (("thread.role", role),), cpu_s, is_from_zero=False)


def set_telemetry(metrics: Metrics, counts: Mapping[str, Mapping[tuple[str, str], int]]) -> None:
    """Set the self-counts: fate → (signal, reason) → items."""
    for fate, metric in FATES.items():
        for (signal, reason), items in counts.get(fate, {}).items():
            labels = (("signal", signal), ("reason", reason)) if reason else (("signal", signal),)
            metrics.set_total(metric, labels, items)
