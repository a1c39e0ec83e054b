"""Looks at the process: memory, CPU by thread, files, traffic. Cheap enough for once a second, and asked no more often."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Final

from foretell.model.process import ProcessSample

MIN_INTERVAL_NS: Final = 1_000_000_000
READ_BYTES: Final = 16_384
"""More than /proc/self/net/dev needs for a hundred interfaces."""

BUSY_S: Final = 0.2
"""A thread that has used so much since the last look may spin: it is asked how long it had no core, too."""

EXECUTOR_NAMES: Final = ("ThreadPoolExecutor", "asyncio_")
OWN_NAMES: Final = ("foretell",)


class ProcessProbe:
    """Samples this process. Linux tells everything; elsewhere what cannot be known is None."""

    def __init__(self, proc: str = "/proc/self") -> None:
        """Open what the system offers under `proc`."""
        self.last_rss_bytes: int | None = None
        """Of the newest sample: an attribute, so that opening and closing an operation may read it for nothing."""
        self._proc = proc
        self._page_bytes = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
        self._last: ProcessSample | None = None
        self._open()

    def sample(self, now_ns: int) -> ProcessSample:
        """Return the process as it is; within a second of the last sample, that one."""
        # Metrics and the watchdog ask on threads of their own: what a thread gained is added up once.
        with self._looking:
            last = self._last
            if last is not None and 0 <= now_ns - last.time_ns < MIN_INTERVAL_NS:
                return last
            self._last = self._look(now_ns)
            self.last_rss_bytes = self._last.rss_bytes
            return self._last

    def after_fork(self) -> None:
        """Look at the child, not at the parent whose files were opened."""
        self.close()
        self._last = self.last_rss_bytes = None
        self._open()

    def close(self) -> None:
        """Give back the open files; a later sample knows less."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _open(self) -> None:
        # Files in /proc stay open and are read again from their beginning: half the price of opening them each time.
        self._files: dict[str, int] = {}
        self._looking = threading.Lock()
        for name in ("statm", "io", "net/dev"):
            try:
                self._files[name] = os.open(f"{self._proc}/{name}", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            except OSError:
                continue  # another system, or a container that hides it: this part stays unknown
        self._threads = ThreadClock()

    def _look(self, now_ns: int) -> ProcessSample:
        user_s, system_s = read_cpu_time()
        tasks = _list_numbers(f"{self._proc}/task")
        self._threads.measure(tasks, threading.enumerate())
        received, sent = parse_traffic(self._read("net/dev"))
        read, written = parse_disk(self._read("io"))
        return ProcessSample(
            now_ns,
            self._read_rss(),
            user_s,
            system_s,
            self._count_files(),
            len(tasks) or threading.active_count(),
            self._threads.cpu_s,
            self._threads.roles,
            dict(self._threads.role_cpu_s),
            received,
            sent,
            read,
            written,
            self._threads.delay_s,
        )

    def _read(self, name: str) -> bytes:
        file = self._files.get(name)
        if file is None:
            return b""
        try:
            return os.pread(file, READ_BYTES, 0)
        except OSError:
            return b""

    def _read_rss(self) -> int | None:
        pages = self._read("statm").split()
        return int(pages[1]) * self._page_bytes if len(pages) > 1 else read_peak_rss()

    def _count_files(self) -> int | None:
        try:
            # Since Linux 6.2 the size of the folder is its number of files; before, it is 0 and they are counted.
            folder = f"{self._proc}/fd"
            return os.stat(folder).st_size or len(os.listdir(folder)) - 1  # noqa: PTH116, PTH208  # a Path costs 5 µs
        except OSError:
            return None


class ThreadClock:
    """CPU seconds of each thread, and of each role since it was first looked at."""

    def __init__(self) -> None:
        """Know no thread yet."""
        self.cpu_s: Mapping[int, float] = {}
        """Kernel's thread id → CPU seconds, of the newest look."""
        self.roles: Mapping[int, str] = {}
        self.role_cpu_s: dict[str, float] = {}
        """Never falls: what a thread used stays in the sum when it ends."""
        self.delay_s: Mapping[int, float] = {}
        """Kernel's thread id → seconds without a core although it could have run, of threads that are busy."""

    def measure(self, tasks: Iterable[int], threads: Iterable[threading.Thread]) -> None:
        """Look at the tasks of the process; those that Python started are known by name."""
        python_roles = {thread.native_id: name_role(thread) for thread in threads}
        cpu_s: dict[int, float] = {}
        roles: dict[int, str] = {}
        delays_s: dict[int, float] = {}
        for task in tasks or [native_id for native_id in python_roles if native_id is not None]:
            used_s = read_thread_cpu(task)
            if used_s is None:
                continue
            cpu_s[task] = used_s
            role = roles[task] = python_roles.get(task, "native")
            before_s = self.cpu_s.get(task, 0.0)
            # A kernel gives a thread's id away again: less than before is another thread.
            gained_s = used_s - before_s if used_s >= before_s else used_s
            self.role_cpu_s[role] = self.role_cpu_s.get(role, 0.0) + gained_s
            if gained_s >= BUSY_S and (delay_s := read_run_delay(task)) is not None:
                delays_s[task] = delay_s
        self.cpu_s, self.roles, self.delay_s = cpu_s, roles, delays_s


def name_role(thread: threading.Thread) -> str:
    """Return what a thread is for: `main`, `foretell`, `executor` or `other`."""
    if thread is threading.main_thread():
        return "main"
    name = thread.name
    if name.startswith(OWN_NAMES):
        return "foretell"
    return "executor" if name.startswith(EXECUTOR_NAMES) else "other"


def read_thread_cpu(task: int) -> float | None:
    """Return the CPU seconds of one thread by the kernel's id of it; None where it is gone or the system does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        # The clock's number as pthread_getcpuclockid(3) makes it of the thread's id. That function itself may crash on
        # a thread that just ended; the kernel answers EINVAL.
        return time.clock_gettime((~task << 3) | 6)
    except OSError:
        return None


def read_run_delay(task: int) -> float | None:
    """Return the seconds for which a thread could have run and had no core; None where the system does not tell."""
    try:
        with open(f"/proc/self/task/{task}/schedstat", "rb") as file:  # noqa: PTH123  # a Path costs 5 µs
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


def read_cpu_time() -> tuple[float, float]:
    """Return CPU seconds of the process in its own code and in the kernel."""
    try:
        import resource
    except ImportError:  # Windows
        times = os.times()
        return times.user, times.system
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


def read_peak_rss() -> int | None:
    """Return the highest memory so far, where the present one is not told; None on Windows."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, others KiB


def parse_traffic(text: bytes) -> tuple[int | None, int | None]:
    """Return bytes received and sent of all interfaces but the loopback, from the text of `/proc/self/net/dev`."""
    received = sent = None
    for line in text.splitlines()[2:]:
        name, _, rest = line.partition(b":")
        fields = rest.split(None, 9)
        if len(fields) > 8 and name.strip() != b"lo":
            received = (received or 0) + int(fields[0])
            sent = (sent or 0) + int(fields[8])
    return received, sent


def parse_disk(text: bytes) -> tuple[int | None, int | None]:
    """Return bytes fetched from and sent to disks, from the text of `/proc/self/io`."""
    values = dict(line.split(b": ", 1) for line in text.splitlines() if b": " in line)
    if b"read_bytes" not in values or b"write_bytes" not in values:
        return None, None
    return int(values[b"read_bytes"]), int(values[b"write_bytes"])


def _list_numbers(folder: str) -> list[int]:
    try:
        return [int(name) for name in os.listdir(folder)]  # noqa: PTH208  # a Path costs 5 µs
    except OSError:
        return []
