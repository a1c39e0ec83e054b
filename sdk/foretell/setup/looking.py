"""What the watchdog looks with, besides the calls: each probe is made when it is first needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from foretell.model.samples import TelemetrySample
from foretell.setup.observing import Pulses
from foretell.setup.sinks import self_counts
from foretell.watchdog.engine import LOOK_S, Look
from foretell.watchdog.probes.stacks import StackProbe
from foretell.watchdog.telling import Helper

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.process import ProcessSample
    from foretell.model.samples import LoopSample
    from foretell.setup.running import Running
    from foretell.watchdog.probes.loops import LoopProbe
    from foretell.watchdog.probes.process import ProcessProbe
    from foretell.watchdog.probes.waits import WaitProbe

PROCESS_S: Final = 1.0


class Looks(Helper):
    """The probes of one set-up."""

    def __init__(self, running: Running, open_calls: Mapping[int, Call], probe: ProcessProbe) -> None:
        """Look at this process, whose calls are `open_calls`."""
        self._running = running
        self._open_calls = open_calls
        self._probe = probe
        self._stacks = StackProbe()
        self._tasks: tuple[LoopProbe, WaitProbe] | None = None
        self.pulses = Pulses()

    def list_all(self) -> list[Look]:
        """Every way to look, in the order in which it is done."""
        return [
            Look("take_process", PROCESS_S, self._see_process),
            Look("take_stacks", PROCESS_S, self._see_stacks),
            Look("take_loop", LOOK_S, self._see_loops),
            Look("take_waits", LOOK_S, lambda now_ns: tasks[1].look(now_ns) if (tasks := self._find_tasks()) else ()),
            Look("take_telemetry", LOOK_S, self._see_telemetry, at_flush=True),
        ]

    def close(self) -> None:
        """Forget everything."""
        self._stacks.close()
        if self._tasks is not None:
            self._tasks[0].close()
            self._tasks[1].close()

    def after_fork(self) -> None:
        """Forget the parent's threads and tasks."""
        self._stacks.after_fork()
        self.pulses.after_fork()
        if self._tasks is not None:
            self._tasks[0].after_fork()
            self._tasks[1].after_fork()

    def _see_process(self, now_ns: int) -> Iterable[ProcessSample]:
        return (self._probe.sample(now_ns),)

    def _see_stacks(self, now_ns: int) -> Iterable[object]:
        self._stacks.note(self._probe.sample(now_ns))
        sample = self._stacks.look(now_ns)
        return () if sample is None else (sample,)

    def _see_loops(self, now_ns: int) -> Iterable[LoopSample]:
        tasks = self._find_tasks()
        if tasks is None:
            return ()
        samples = tasks[0].look(now_ns)
        main = threading.main_thread().native_id
        for sample in samples:
            self.pulses.note(sample, "main" if sample.thread_id == main else "other")
        return samples

    def _see_telemetry(self, now_ns: int) -> Iterable[TelemetrySample]:
        return (TelemetrySample(now_ns, self_counts(self._running)),)

    def _find_tasks(self) -> tuple[LoopProbe, WaitProbe] | None:
        """The probes of event loops and waits; None in a program that has no event loop and watches no lock."""
        if self._tasks is None and "asyncio" in sys.modules and self._running.runtime is not None:
            from foretell.watchdog.probes.loops import LoopProbe
            from foretell.watchdog.probes.tasks import TaskBook
            from foretell.watchdog.probes.waits import WaitProbe

            book = TaskBook(self._open_calls, self._running.runtime.context_key)
            self._tasks = LoopProbe(book, int(LOOK_S * 1e9)), WaitProbe(book)
        return self._tasks
