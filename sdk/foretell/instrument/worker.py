"""The one worker: takes finished calls off the caller's hands, refines them, and gives them to every sink in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.errors import FAULTS

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.instrument.operation import Operation
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord
    from foretell.model.sink import Sink

BATCH = 512
"""Calls refined at once: long enough to share one RE2 call and one SQLite statement, short enough to hold the lock."""
OPEN_AFTER_NS = 35_000_000
"""A call this old at a tick would be older than 100 ms at the end of the next one: it gets its row now."""
MAKE_WAY_S = 0.001
"""How long a call waits for the worker while the queue is over 90 % full: a busy caller would else keep the GIL."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how often it is looked at."""

    max_items: int = 65_536
    max_bytes: int = 64 * 2**20
    tick_s: float = 0.06
    idle_s: float = 1.0
    """How often sinks may act (heartbeat, metrics) while calls are open but nothing ends."""
    asleep_s: float = 5.0
    """The same while nothing is open."""


class Worker:
    """A queue, a thread that starts at the first item, and a visible list of sinks.

    Order: calls reach every sink in the order in which they ended. Loss: only when the queue is full although its
    callers made way, or when the process is killed within a tick; the first is counted under `dropped`.
    """

    def __init__(
        self,
        refine: Callable[[Sequence[Call]], None],
        sinks: Sequence[Sink],
        open_calls: dict[int, Operation],
        counts: Counts,
        limits: Limits = Limits(),
        *,
        refine_logs: Callable[[Sequence[LogRecord]], Sequence[LogRecord]] = list,
        pulse: Callable[[], object] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Refine each batch with `refine`, then let each of `sinks` take and write it; call `pulse` at each tick."""
        self._pulse = pulse
        self._refine_logs = refine_logs
        self.sinks = list(sinks)
        self.limits = limits
        self._refine = refine
        self._open_calls = open_calls
        self._counts = counts
        self._now_ns = now_ns
        self._queue: deque[Call] = deque()
        self._scores: deque[Score] = deque()
        self._logs: deque[LogRecord] = deque()
        self._refined: deque[list[Call]] = deque()
        self._popped = self._taken = 0  # each written under one lock; their difference is what sinks have not seen yet
        self._high_items, self._high_bytes = limits.max_items // 2, limits.max_bytes // 2
        self._queued_bytes = 0
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._make_locks()

    def _make_locks(self) -> None:
        self._processing = threading.Lock()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._is_idle = True
        self._shown: set[int] = set()

    # -- what operations call ------------------------------------------------------------------------------------

    def opened(self, call: Operation) -> None:
        """Note an open call; the first one starts a tick."""
        self._open_calls[call.id] = call
        if self._is_idle:
            self._rouse()

    def ended(self, call: Operation) -> None:
        """Queue a finished call. Never waits unless the queue is full."""
        self._open_calls.pop(call.id, None)
        self._queue.append(call)
        self._queued_bytes += call.size_bytes
        if self._is_idle:
            self._rouse()
        if len(self._queue) + self._popped - self._taken > self._high_items or self._queued_bytes > self._high_bytes:
            self._help()

    def put(self, call: Call) -> None:
        """Queue a finished call of a foreign instrumentor."""
        self._queue.append(call)
        if self._is_idle:
            self._rouse()
        if len(self._queue) + self._popped - self._taken > self._high_items:
            self._help()

    def put_score(self, score: Score) -> None:
        """Queue feedback."""
        self._scores.append(score)
        if self._is_idle:
            self._rouse()

    def put_log(self, record: LogRecord) -> None:
        """Queue a log record; past the queue's limit it is dropped and counted."""
        if len(self._logs) >= self.limits.max_items:
            self._counts.count("dropped", "logs", "queue_full")
            return
        self._logs.append(record)
        if self._is_idle:
            self._rouse()

    def drain(self, timeout_s: float) -> bool:
        """Refine, write and send everything that has ended by now; False when time ran out. Any thread may call it."""
        deadline = time.monotonic() + timeout_s
        while self._queue:
            if not self._process(max(0.0, deadline - time.monotonic())):
                return False
        if not self._writing.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            self._give_refined()
            return all([self._flush_one(sink, max(0.05, deadline - time.monotonic())) for sink in self.sinks])
        finally:
            self._writing.release()

    def close(self, timeout_s: float) -> bool:
        """Drain, stop the thread, close the sinks."""
        done = self.drain(timeout_s)
        self._is_closed = True
        self._wake.set()
        self._hurry.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
        for sink in self.sinks:
            try:
                sink.close()
            except Exception as error:
                FAULTS.note(f"sink.{sink.name}", error)
        return done

    def after_fork(self) -> None:
        """Start afresh in a forked child: what waited is the parent's to write."""
        self._make_locks()
        self._queue.clear()
        self._refined.clear()
        self._popped = self._taken = 0
        self._scores.clear()
        self._logs.clear()
        self._open_calls.clear()
        self._queued_bytes = 0
        self._thread = None
        for sink in self.sinks:
            try:
                sink.after_fork()
            except Exception as error:
                FAULTS.note(f"sink.{sink.name}", error)

    # -- the thread ----------------------------------------------------------------------------------------------

    def _rouse(self) -> None:
        self._is_idle = False
        if self._thread is None:
            with self._starting:
                self._start_thread()
        self._wake.set()

    def _start_thread(self) -> None:
        if self._thread is not None or self._is_closed:
            return
        thread = threading.Thread(target=self._run, name="foretell-worker", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the interpreter is shutting down: the exit hook drains instead
            FAULTS.note("worker.start", error)
            return
        self._thread = thread

    def _run(self) -> None:
        while not self._is_closed:
            self._wait()
            while not self._is_closed:
                self._tick()
                if len(self._queue) < BATCH:
                    break

    def _wait(self) -> None:
        """Sleep until something begins, then for one tick so that what follows can share it."""
        if not self._has_work():
            self._wake.clear()
            self._is_idle = True
            # Looked at again: what came between the first look and the flag did not set the event.
            if not self._has_work():
                woken = self._wake.wait(self.limits.idle_s if self._open_calls else self.limits.asleep_s)
                self._is_idle = False
                if not woken:
                    return
            self._is_idle = False
        self._hurry.wait(self.limits.tick_s)
        self._hurry.clear()

    def _has_work(self) -> bool:
        return bool(self._queue or self._scores or self._logs) or self._has_news()

    def _has_news(self) -> bool:
        return len(self._open_calls) > len(self._shown)

    def _tick(self) -> None:
        while self._process(1.0) and len(self._queue) >= BATCH:
            self._deliver()
        self._deliver(with_open=True)
        if self._pulse is not None:
            try:
                self._pulse()
            except Exception as error:
                FAULTS.note("pulse", error)

    def _process(self, timeout_s: float) -> bool:
        """Take one batch off the queue and refine it; False when another thread is doing so."""
        if not self._processing.acquire(timeout=timeout_s):
            return False
        try:
            batch = self._pop_batch()
            if batch:
                self._guarded_refine(batch)
                self._refined.append(batch)
        finally:
            self._processing.release()
        return True

    def _deliver(self, *, with_open: bool = False) -> None:
        """Let each sink take what is refined, then write."""
        with self._writing:
            self._give_refined()
            if with_open:
                self._show_open()
            for sink in self.sinks:
                self._call(sink, "write")

    def _give_refined(self) -> None:
        while self._refined:
            batch = self._refined.popleft()
            for sink in self.sinks:
                if not self._call(sink, "take", batch):
                    self._counts.count("dropped", sink.name, "fault", len(batch))
            self._taken += len(batch)
        if self._scores:
            scores = [self._scores.popleft() for _ in range(len(self._scores))]
            for sink in self.sinks:
                self._call(sink, "take_scores", scores)
        if self._logs:
            self._give_logs()

    def _give_logs(self) -> None:
        records: Sequence[LogRecord] = [self._logs.popleft() for _ in range(len(self._logs))]
        try:
            records = self._refine_logs(records)
        except Exception as error:
            FAULTS.note("redaction.logs", error)
            self._counts.count("dropped", "logs", "redaction", len(records))
            return
        for sink in self.sinks:
            self._call(sink, "take_logs", records)

    def _call(self, sink: Sink, method: str, *args: object) -> bool:
        """Call a sink; its fault is counted, said once, and ends there."""
        try:
            getattr(sink, method)(*args)
        except Exception as error:
            FAULTS.note(f"sink.{sink.name}", error)
            return False
        return True

    def _pop_batch(self) -> list[Call]:
        queue = self._queue
        batch: list[Call] = []
        try:
            for _ in range(BATCH):
                batch.append(queue.popleft())
        except IndexError:
            self._queued_bytes = 0
        else:
            self._queued_bytes -= sum(getattr(call, "size_bytes", 0) for call in batch)
        self._popped += len(batch)
        return batch

    def _guarded_refine(self, batch: list[Call]) -> None:
        try:
            self._refine(batch)
        except Exception as error:
            FAULTS.note("refine", error)

    def _show_open(self) -> None:
        """Tell the sinks of calls that outlived a tick, once each."""
        before = self._now_ns() - OPEN_AFTER_NS
        calls = list(self._open_calls.values())
        self._shown.intersection_update(call.id for call in calls)
        old = [call for call in calls if call.id not in self._shown and call.start_ns <= before]
        if not old:
            return
        self._shown.update(call.id for call in old)
        for sink in self.sinks:
            self._call(sink, "take_open", old)

    def _flush_one(self, sink: Sink, timeout_s: float) -> bool:
        try:
            return sink.flush(timeout_s)
        except Exception as error:
            FAULTS.note(f"sink.{sink.name}", error)
            return False

    def _help(self) -> None:
        """The queue fills: lend this thread for a batch of CPU work; near the end make way; drop when it is full."""
        waiting = len(self._queue) + self._popped - self._taken
        if waiting < self.limits.max_items * 0.9 and self._queued_bytes < self.limits.max_bytes * 0.9:
            self._process(0.0)
            return
        if waiting <= self.limits.max_items and self._queued_bytes <= self.limits.max_bytes:
            time.sleep(MAKE_WAY_S)
            return
        try:
            dropped = self._queue.pop()
        except IndexError:
            return
        self._queued_bytes -= getattr(dropped, "size_bytes", 0)
        self._counts.count("dropped", "calls", "queue_full")
