"""Notices an event loop that does not turn, and says what its thread is at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.samples import LoopSample

MAX_LOOPS: Final = 1_000
SILENT_NS: Final = 30_000_000_000
"""Without a sample for so long, a loop that was blocked is neither blocked nor well: nobody looks any more."""
IDLE_TOPS: Final = (" select", " poll", " _run_once")
"""A loop's thread that waits for events has left what blocked it."""
BUSY_SHARE: Final = 0.5
"""Of a core: C code that holds the GIL burns it; a process that was stopped uses next to nothing."""


class EventLoopBlocked(Detector):
    """Fires while a loop has not turned for `heartbeat_s`; for C code that held the GIL, at the moment it is over."""

    trigger: ClassVar[str] = "event_loop_blocked"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `heartbeat_s`."""
        super().__init__(limits)
        self._limit_ns = limits["heartbeat_s"] * 1e9
        self._loops: dict[int, LoopSample] = {}
        self._firing: set[int] = set()

    def take_loop(self, sample: LoopSample) -> None:
        """Keep the newest sample of each loop."""
        self._loops.pop(sample.loop_id, None)
        if not sample.is_ended:
            self._loops[sample.loop_id] = sample
            if len(self._loops) > MAX_LOOPS:
                self._loops.pop(next(iter(self._loops)))

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each loop that is late; unknown where one that was late is looked at no more."""
        found = []
        for loop_id, sample in list(self._loops.items()):
            late_ns = measure_lateness(sample)
            if abs(now_ns - sample.time_ns) > SILENT_NS:
                del self._loops[loop_id]
                if loop_id in self._firing:
                    found.append(Judgement(_key(sample), Verdict.UNKNOWN))
            elif late_ns >= self._limit_ns:
                self._firing.add(loop_id)
                found.append(self._describe(sample, late_ns))
            else:
                self._firing.discard(loop_id)
        self._firing.intersection_update(self._loops)
        return found

    def _describe(self, sample: LoopSample, late_ns: int) -> Judgement:
        late_s, limit_s = late_ns / 1e9, self.limits["heartbeat_s"]
        is_known = bool(sample.stack) and not sample.stack[-1].endswith(IDLE_TOPS)
        where = f" Its thread is at {sample.stack[-1]}." if is_known else " By what is not known."
        is_over = bool(sample.missed_ns) and sample.missed_ns >= late_ns
        if is_over:
            said = f"Nothing of this process ran for {late_s:.1f} s (limit {limit_s:g} s): C code held the GIL.{where}"
        else:
            said = f"The event loop has not turned for {late_s:.1f} s (limit {limit_s:g} s).{where}"
        return Judgement(
            _key(sample),
            Verdict.FIRING,
            onset_ns=sample.time_ns - late_ns,
            explanation=said,
            confidence=1.0 if is_known else 0.8,
            evidence={
                "late_s": round(late_s, 3),
                "heartbeat_s": limit_s,
                "thread_id": sample.thread_id,
                "stack": list(sample.stack),
                "runs": list(sample.run_ids),
                "gil_was_held": is_over,
            },
            run_id=sample.run_ids[-1] if sample.run_ids else None,
            agent_name=sample.agent_name,
        )


def measure_lateness(sample: LoopSample) -> int:
    """Return for how long a loop surely has not turned, in nanoseconds."""
    asked_ns = sample.time_ns - sample.asked_ns if sample.asked_ns else 0
    missed_ns = sample.missed_ns
    if not sample.missed_is_held and sample.missed_cpu_ns < BUSY_SHARE * missed_ns:
        missed_ns = 0  # the whole process was stopped (Ctrl-Z, a frozen container): the loop had nothing to do with it
    return max(asked_ns, missed_ns, 0)


def _key(sample: LoopSample) -> str:
    return f"{sample.agent_name or 'process'}/loop-{sample.loop_id:x}"
