"""The far side of the worker: what is refined goes to every sink in order, one thread at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foretell.errors import FAULTS

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord
    from foretell.model.sink import Sink

LOG_BATCH = 512
"""Log records given at once: they share one search for secrets and one statement."""
WRITE_AFTER = 512
"""How many calls the sinks note before they write what they noted."""
LEAST_S = 0.05
"""What a sink is given to flush, however late it is."""


class Delivery:
    """Gives batches, scores and log records to a visible list of sinks. A sink that fails keeps nothing from the next."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        counts: Counts,
        refine_logs: Callable[[Sequence[LogRecord]], Sequence[LogRecord]] = list,
        refine_scores: Callable[[Sequence[Score]], Sequence[Score]] = list,
        refine_open: Callable[[Sequence[Call]], Sequence[Call]] = list,
    ) -> None:
        """Deliver to `sinks` in this order; each kind of thing goes through its `refine_…` first."""
        self.sinks = list(sinks)
        self.refined: deque[list[Call]] = deque()
        self.scores: deque[Score] = deque()
        self.logs: deque[LogRecord] = deque()
        self.findings: deque[Finding] = deque()
        self.log_bytes = 0
        """Of the records that wait, roughly: each thread that logs adds to it."""
        self.taken = self.taken_bytes = 0
        """How many calls the sinks have seen, and what those took in memory; written under `lock`."""
        self._noted = 0
        """Calls that the sinks have seen since they wrote."""
        self.lock = threading.Lock()
        self._counts = counts
        self._refine_logs = refine_logs
        self._refine_scores = refine_scores
        self._refine_open = refine_open

    def deliver(self, opened: Callable[[], Sequence[Call]] | None = None) -> None:
        """Let each sink take what is refined, hear of what `opened` gives, and write."""
        with self.lock:
            self._give()
            if opened is not None and (calls := opened()):
                self.tell("take_open", self._refine_open(calls))
            self._write()

    def give(self, deadline_s: float) -> bool:
        """Let each sink take what is refined, and write before that is much; False when time ran out."""
        if not self.lock.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
            return False
        try:
            if self._noted >= WRITE_AFTER:
                self._write()
            self._give()
        finally:
            self.lock.release()
        return True

    def flush(self, deadline_s: float) -> bool:
        """Let each sink take what is refined and carry it out; False when time ran out."""
        if not self.lock.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
            return False
        try:
            self._give()
            done = True
            for sink in self.sinks:
                done = self._flush_one(sink, max(LEAST_S, deadline_s - time.monotonic())) and done
                self._give()  # what the watchdog finds as it is flushed goes on to the sinks after it
            return done
        finally:
            self.lock.release()

    def close(self, deadline_s: float) -> None:
        """Close every sink, unless one of them hangs."""
        if self.lock.acquire(timeout=max(LEAST_S, deadline_s - time.monotonic())):
            try:
                for sink in self.sinks:
                    self._tell_one(sink, "close")
                    if self.findings or self.logs:  # the watchdog ends its findings as it is closed
                        self._give()
                        self.tell("write")
            finally:
                self.lock.release()

    def after_fork(self) -> None:
        """Start afresh in a forked child: what waited is the parent's to write."""
        self.lock = threading.Lock()
        self.refined.clear()
        self.scores.clear()
        self.logs.clear()
        self.findings.clear()
        self.log_bytes = 0
        self.taken = self.taken_bytes = self._noted = 0
        self.tell("after_fork")

    def tell(self, method: str, *args: object) -> list[Sink]:
        """Call a method of every sink; those that failed are given back, counted and said once."""
        return [sink for sink in self.sinks if not self._tell_one(sink, method, *args)]

    def _tell_one(self, sink: Sink, method: str, *args: object) -> bool:
        try:
            getattr(sink, method)(*args)
        except Exception as error:
            FAULTS.note(f"sink.{sink.name}", error)
            return False
        return True

    def _write(self) -> None:
        self._noted = 0
        self.tell("write")

    def _give(self) -> None:
        while self.refined:
            batch = self.refined.popleft()
            for sink in self.tell("take", batch):
                self._counts.count("dropped", sink.name, "fault", len(batch))
            self.taken += len(batch)
            self.taken_bytes += sum_bytes(batch)
            self._noted += len(batch)
            if self._noted >= WRITE_AFTER and self.refined:
                # Callers may help faster than this loop ends, and what a sink has noted takes memory until it writes.
                self._write()
        if self.scores:
            self.tell("take_scores", self._refine_scores([self.scores.popleft() for _ in range(len(self.scores))]))
        if self.findings:
            self._give_findings()
        if self.logs:
            self._give_logs()

    def _give_findings(self) -> None:
        findings = [self.findings.popleft() for _ in range(len(self.findings))]
        for sink in self.sinks:
            if hasattr(sink, "take_findings"):  # `model.sink.FindingSink`
                self._tell_one(sink, "take_findings", findings)

    def _give_logs(self) -> None:
        """Give what waits now in parts, each written before the next: the sinks' own buffers are bounded too."""
        for left in range(len(self.logs), 0, -LOG_BATCH):
            self._give_some_logs(min(left, LOG_BATCH))
            if left > LOG_BATCH:
                self._write()

    def _give_some_logs(self, count: int) -> None:
        records: Sequence[LogRecord] = [self.logs.popleft() for _ in range(count)]
        self.log_bytes = self.log_bytes - sum([record.size_bytes for record in records]) if self.logs else 0
        try:
            records = self._refine_logs(records)
        except Exception as error:
            FAULTS.note("redaction.logs", error)
            self._counts.count("dropped", "logs", "redaction", len(records))
            return
        self.tell("take_logs", records)

    def _flush_one(self, sink: Sink, timeout_s: float) -> bool:
        try:
            return sink.flush(timeout_s)
        except Exception as error:
            FAULTS.note(f"sink.{sink.name}", error)
            return False


def sum_bytes(calls: Sequence[Call]) -> int:
    """What calls take in memory, roughly."""
    return sum([getattr(call, "size_bytes", 0) for call in calls])
