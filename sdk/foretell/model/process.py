"""What one look at the process gave: memory, CPU, files, threads, traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_DELAYS: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """The process at one moment. None means that this system does not tell."""

    time_ns: int
    rss_bytes: int | None
    cpu_user_s: float
    cpu_system_s: float
    open_files: int | None
    thread_count: int
    thread_cpu_s: Mapping[int, float]
    """Kernel's thread id → CPU seconds, of threads that live now."""
    thread_roles: Mapping[int, str]
    """Kernel's thread id → `main`, `foretell`, `executor`, `native` (not started by Python) or `other`."""
    role_cpu_s: Mapping[str, float]
    """Role → CPU seconds since the first sample saw its threads, those that ended included; never falls."""
    received_bytes: int | None
    """Of all network interfaces that the process can see, loopback excluded: of a container its own traffic, of a
    process without one the whole machine's. No system counts it by process."""
    sent_bytes: int | None
    read_bytes: int | None
    """Really fetched from a disk; what the page cache had is not in it."""
    written_bytes: int | None
    thread_delay_s: Mapping[int, float] = field(default_factory=lambda: NO_DELAYS)
    """Kernel's thread id → seconds, since the thread began, in which it could have run and had no core. Of threads that
    are busy, where the system tells."""
