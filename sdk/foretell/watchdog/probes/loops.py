"""Feels the pulse of event loops."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from heapq import nlargest
from typing import Final, NamedTuple

from foretell.model.call import Call
from foretell.model.samples import LoopSample, Stack
from foretell.watchdog.probes.asyncio_side import thread_of
from foretell.watchdog.probes.stacks import kernel_ids_of, take_stack
from foretell.watchdog.probes.tasks import TaskBook

Ticks = Callable[[], int]
"""Nanoseconds that no setting of a clock can bend."""

LATE_NS: Final = 1_000_000_000
"""A loop that has been asked in vain for so long is late, and its stack is taken."""
MISSED_NS: Final = 2_000_000_000
"""A look that comes so much too late was held up by more than a busy machine."""
HELD_SHARE: Final = 0.2
"""Of the switch intervals of a gap, at least: who waits for the interpreter asks anew after each; a process that is
stopped asks never. The rest is for a machine that is busy."""
MAX_RUNS: Final = 20


class Gap(NamedTuple):
    """What has been going on since the last look."""

    passed_ns: int
    cpu_ns: int
    """Of the whole process."""
    waits: int
    """How often threads have gone to sleep: one that waits for the interpreter does so once in each switch interval."""


class Pulse:
    """One loop: asked by the watchdog's thread, answering on its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tick_ns: Ticks) -> None:
        """Hold the loop weakly, and take its thread from it where it says."""
        self.loop = weakref.ref(loop)
        self.ident = thread_of(loop)
        self.native_id = kernel_ids_of((self.ident,)).get(self.ident, 0) if self.ident is not None else 0
        self.asked_tick: int | None = None
        self.answered_tick = tick_ns()
        self._tick_ns = tick_ns

    def ask(self) -> bool:
        """Ask for a sign of life, unless an answer is due; False where the loop is closed or gone."""
        loop = self.loop()
        if loop is None or loop.is_closed():
            return False
        if self.asked_tick is None:
            self.asked_tick = self._tick_ns()
            try:
                loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # closed just now
                return False
        return True

    def _answer(self) -> None:
        self.answered_tick = self._tick_ns()
        self.asked_tick = None
        if not self.native_id:
            self.ident, self.native_id = threading.get_ident(), threading.get_native_id()


class LoopProbe:
    """Asks every loop that runs our calls for a sign of life, at each look, and sees which answered the last one.

    Loops are found through the tasks that work for open calls, so callers pay nothing. While no call is open, nothing
    is asked and no loop is woken.
    """

    def __init__(self, book: TaskBook, every_ns: int = 500_000_000, tick_ns: Ticks = time.monotonic_ns) -> None:
        """Find loops through `book`. While calls are open, somebody looks at least every `every_ns`: later is a gap."""
        self._book = book
        self._every_ns = every_ns
        self._tick_ns = tick_ns
        self._begin()

    def _begin(self) -> None:
        self._pulses: dict[int, Pulse] = {}
        self._seen: frozenset[int] = frozenset()
        self._looked_tick: int | None = None
        self._looked_cpu_ns = self._looked_turns = 0

    def look(self, now_ns: int) -> Sequence[LoopSample]:
        """Return one sample of each loop, and a last one of a loop that has none of our calls any more."""
        self._book.read(now_ns)
        loops = self._book.loops()
        gap = self._measure_gap()
        samples = [self._end(loop_id, now_ns) for loop_id in list(self._pulses) if loop_id not in loops]
        for loop_id, (loop, calls) in loops.items():
            pulse = self._pulses.get(loop_id)
            if pulse is None or pulse.loop() is not loop:
                pulse = self._pulses[loop_id] = Pulse(loop, self._tick_ns)
            sample = self._sample(loop_id, pulse, calls, now_ns, gap)
            samples.append(sample if pulse.ask() else self._end(loop_id, now_ns))
        self._seen = frozenset(call.id for _, calls in loops.values() for call in calls)
        return samples

    def after_fork(self) -> None:
        """Forget the parent's loops."""
        self.close()

    def close(self) -> None:
        """Forget every loop; an answer that is still due goes nowhere."""
        self._book.forget()
        self._begin()

    def _measure_gap(self) -> Gap:
        """Return how long ago the last look was, and what has been going on since."""
        tick, cpu_ns, turns = self._tick_ns(), time.process_time_ns(), count_waits()
        passed_ns = tick - self._looked_tick if self._looked_tick is not None else tick
        gap = Gap(passed_ns, cpu_ns - self._looked_cpu_ns, turns - self._looked_turns)
        self._looked_tick, self._looked_cpu_ns, self._looked_turns = tick, cpu_ns, turns
        return gap

    def _measure_missed(self, calls: Sequence[Call], now_ns: int, passed_ns: int) -> int:
        """Return for how long nobody could look although a call was open; 0 where it was looked in time.

        A call that was seen before was open all the time, so a look was planned. One that is seen for the first time
        and is old already would have brought a look soon after its opening.
        """
        if any(call.id in self._seen for call in calls):
            missed_ns = passed_ns - self._every_ns
        else:
            missed_ns = min(passed_ns, now_ns - min(call.start_ns for call in calls)) - self._every_ns
        return missed_ns if missed_ns >= MISSED_NS else 0

    def _sample(self, loop_id: int, pulse: Pulse, calls: Sequence[Call], now_ns: int, gap: Gap) -> LoopSample:
        missed_ns = self._measure_missed(calls, now_ns, gap.passed_ns)
        asked, tick = pulse.asked_tick, self._tick_ns()
        vain_ns = tick - asked if asked is not None else 0
        newest = nlargest(MAX_RUNS, calls, key=lambda call: call.start_ns)
        is_late = vain_ns >= LATE_NS or missed_ns > 0
        stack: Stack = take_stack(pulse.ident) if is_late and pulse.ident is not None else ()
        return LoopSample(
            now_ns,
            loop_id,
            now_ns - (tick - pulse.answered_tick),
            pulse.native_id,
            asked_ns=now_ns - vain_ns if vain_ns >= LATE_NS else 0,
            missed_ns=missed_ns,
            missed_cpu_ns=min(gap.cpu_ns, missed_ns),
            missed_is_held=missed_ns > 0 and gap.waits >= HELD_SHARE * missed_ns / 1e9 / sys.getswitchinterval(),
            stack=stack,
            run_ids=tuple(dict.fromkeys(call.run_id for call in newest))[::-1],
            agent_name=newest[0].agent_name,
        )

    def _end(self, loop_id: int, now_ns: int) -> LoopSample:
        pulse = self._pulses.pop(loop_id)
        return LoopSample(now_ns, loop_id, now_ns, pulse.native_id, is_ended=True)


def count_waits() -> int:
    """Return how often threads of this process have gone to sleep by themselves; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
