"""The one worker: takes finished calls off the caller's hands, refines them, and gives them to every sink in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foretell.errors import FAULTS, guard
from foretell.instrument.operation import CALL_BYTES
from foretell.instrument.work.delivery import Delivery, sum_bytes
from foretell.instrument.work.queue_limits import BATCH, DEFAULT_LIMITS, DRAIN_BATCH, Limits
from foretell.instrument.work.shedding import QUEUE_FULL, shed_contents
from foretell.instrument.work.threads import start_thread
from foretell.model.kinds import EMBEDDINGS, LLM, Kind

if TYPE_CHECKING:
    from foretell.export.counts import Counts
    from foretell.instrument.operation import Operation
    from foretell.instrument.otel.foreign_call import ForeignCall
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord
    from foretell.model.sink import Sink

OPEN_AFTER_NS = 35_000_000
"""A call this old at a tick would be older than 100 ms at the end of the next one: it gets its row now."""
MAKE_WAY_S = 0.001
"""How long a call waits for the worker while the queue is over 90 % full: a busy caller would else keep the GIL."""
FORK_WAIT_S = 30.0
"""How long a fork waits for what the worker is at: an import that is half done then would hang the child for ever."""
DAEMON_S = 0.2
"""How long a daemon thread's call that ends after the end waits for the interpreter to stop the thread."""
LATE_S = 1.0
"""How long a call that ends after the end may hold up its thread."""
INFERENCE = (LLM, EMBEDDINGS)


class Worker:
    """A queue, a thread that starts at the first item, and a visible list of sinks.

    Order: calls reach every sink in the order in which they ended. Loss: only when the queue is full although its
    callers made way, or when the process is killed within a tick; the first is counted under `dropped`.
    """

    def __init__(
        self,
        refine: Callable[[Sequence[Call]], None],
        sinks: Sequence[Sink],
        open_calls: dict[int, Call],
        counts: Counts,
        limits: Limits = DEFAULT_LIMITS,
        *,
        refine_logs: Callable[[Sequence[LogRecord]], Sequence[LogRecord]] = list,
        refine_scores: Callable[[Sequence[Score]], Sequence[Score]] = list,
        refine_open: Callable[[Sequence[Call]], Sequence[Call]] = list,
        pulse: Callable[[], object] | None = None,
        warm_up: Callable[[], object] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Refine each batch with `refine`, then let each of `sinks` take and write it; call `pulse` at each tick.

        `warm_up` does what makes the first model call slow to refine, on a thread of its own.
        """
        self.limits = limits
        self._delivery = Delivery(sinks, counts, refine_logs, refine_scores, refine_open)
        self._pulse = pulse
        self._warm_up = warm_up
        self._refine = refine
        self._open_calls = open_calls
        self._counts = counts
        self._now_ns = now_ns
        self._queue: deque[Call] = deque()
        self._scores, self._logs = self._delivery.scores, self._delivery.logs
        self.findings = self._delivery.findings  # what the watchdog found; the log line that goes with it rouses
        # Every call takes at least CALL_BYTES: one comparison looks after both limits.
        self._high_bytes = min(limits.max_bytes // 2, limits.max_items // 2 * CALL_BYTES)
        self._is_ended = self._is_closed = False
        self._begin()

    def _begin(self) -> None:
        self._processing = threading.Lock()
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._is_idle = True
        self._shown: set[int] = set()
        self._inside: list[int] = []
        self._held: list[threading.Lock] = []
        self._first: Callable[[], object] | None = None
        self._popped = 0  # written under one lock; less what the sinks have taken it is what waits between the two
        self._started = 0  # opened here and not yet told to the counts
        self._ended_bytes = 0  # less what the sinks have taken, it is what waits
        self._thread: threading.Thread | None = None
        self._warming: threading.Thread | None = None

    # -- what operations call ------------------------------------------------------------------------------------

    def opened(self, call: Call) -> None:
        """Note an open call; the first one starts a tick."""
        self._open_calls[call.id] = call
        self._started += 1
        if self._is_idle:
            self._rouse()

    def ended(self, call: Operation | ForeignCall) -> None:
        """Queue a finished call. Never waits unless the queue is full."""
        if self._open_calls.pop(call.id, None) is None:
            self._started += 1  # of a foreign span of which nobody knew before that it is an agent's work
        self._queue.append(call)
        self._ended_bytes += call.size_bytes
        if self._is_idle:
            self._rouse()
        if self._ended_bytes - self._delivery.taken_bytes > self._high_bytes:
            self._help()

    def withdraw(self, call_id: int) -> bool:
        """Forget an open call that will not be told of; False where a sink has heard of it, and waits for its end."""
        if call_id in self._shown:
            return False
        if self._open_calls.pop(call_id, None) is not None:
            self._started -= 1
        return True

    def put_score(self, score: Score) -> None:
        """Queue feedback."""
        self._scores.append(score)
        if self._is_idle:
            self._rouse()

    def put_log(self, record: LogRecord) -> None:
        """Queue a log record; past the queue's limit, in number or in bytes, it is dropped and counted."""
        if len(self._logs) >= self.limits.max_items or self._delivery.log_bytes > self.limits.max_bytes:
            self._counts.count("dropped", "logs", "queue_full")
            FAULTS.warn("queue.full", QUEUE_FULL)
            return
        self._delivery.log_bytes += record.size_bytes
        self._logs.append(record)
        if self._is_idle:
            self._rouse()

    # -- endings and forks ---------------------------------------------------------------------------------------

    def drain(self, timeout_s: float) -> bool:
        """Refine, write and send everything that has ended by now; False when time ran out. Any thread may call it."""
        deadline_s = time.monotonic() + timeout_s
        self._inside.append(threading.get_ident())
        try:
            while self._queue or self._first is not None or self._processing.locked():  # by who is at the last ones
                if not self._process(max(0.0, deadline_s - time.monotonic()), most=DRAIN_BATCH):
                    return False
                if not self._delivery.give(deadline_s):
                    return False
            return self._delivery.flush(deadline_s)
        finally:
            self._inside.remove(threading.get_ident())

    def close(self, timeout_s: float, *, for_good: bool = True) -> bool:
        """Drain, stop the thread, let the sinks say goodbye.

        What ends later is lost if this is `for_good`; else it is written by the thread that ended it.
        """
        done = True
        if not self._is_ended:
            self._inside.append(threading.get_ident())
            try:
                done = self._end(time.monotonic() + timeout_s)
            finally:
                self._inside.remove(threading.get_ident())
        self._is_closed = for_good
        if for_good and self._warming is not None:
            self._warming.join(timeout_s)
        return done

    def _end(self, deadline_s: float) -> bool:
        done = self.drain(deadline_s - time.monotonic())
        self._is_ended = True
        self._wake.set()
        self._hurry.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, deadline_s - time.monotonic()))
        self._is_idle = True
        if self._queue:  # ended meanwhile
            done = self.drain(deadline_s - time.monotonic()) and done
        self._delivery.close(deadline_s)
        return done

    def warm_up(self) -> None:
        """Do now, on a thread of its own, what makes the first model call slow to refine."""
        with self._processing:  # not in the middle of a fork
            if self._warming is None and self._warm_up is not None:
                self._warming = start_thread(guard("warm_up")(self._warm_up), "foretell-prices")

    def is_inside(self) -> bool:
        """True where the current thread is at work in here: what interrupts it must not wait for its locks."""
        return threading.get_ident() in self._inside or bool(self._held)

    @property
    def is_untouched(self) -> bool:
        """True while nothing has been recorded in this process."""
        return self._thread is None and self._is_idle and not self._queue

    def before_fork(self) -> None:
        """Come to rest. What a thread holds at a fork, locks and half-done imports, stays held in the child for ever."""
        if self.is_inside():
            return
        deadline_s = time.monotonic() + FORK_WAIT_S
        locks = (self._processing, self._delivery.lock)
        self._held = [lock for lock in locks if lock.acquire(timeout=max(0.0, deadline_s - time.monotonic()))]
        if self._warming is not None:
            self._warming.join(max(0.0, deadline_s - time.monotonic()))

    def after_fork_in_parent(self) -> None:
        """Go on."""
        held, self._held = self._held, []
        for lock in held:
            lock.release()

    def after_fork(self, first: Callable[[], object] | None = None) -> None:
        """Start afresh in a forked child; `first` is called before anything that is recorded here is refined."""
        for call in self._open_calls.values():
            # The parent records it: here it has ended, so that whoever leaves it does not record it again.
            call.end_ns = call.start_ns
        self._open_calls.clear()
        self._queue.clear()
        self._begin()
        self._first = first
        self._is_ended = False
        self._delivery.after_fork()

    def _rouse(self) -> None:
        if self._is_ended:
            self._write_late()
            return
        self._is_idle = False
        if self._thread is None:
            self._start_thread()
        self._wake.set()

    def _start_thread(self) -> None:
        with self._starting:
            # Asked again under the lock: another caller may have been here first.
            if self._thread is None and not self._is_ended:
                self._thread = start_thread(self._run, "foretell-worker")

    def _write_late(self) -> None:
        """The program is ending: nobody comes for what is queued now, but for what a sink queues as it is closed."""
        waits = self._queue or self._scores or self._logs or self.findings
        if waits and not self._is_closed and threading.get_ident() not in self._inside:
            if threading.current_thread().daemon:
                # The interpreter is about to stop it: in a sleep it just goes, in RE2 (C++, without the GIL) it aborts all.
                time.sleep(DAEMON_S)
            self.drain(LATE_S)
            self._delivery.close(time.monotonic() + LATE_S)

    def _run(self) -> None:
        while not self._is_ended:
            self._wait()
            while not self._is_ended:
                with guard("worker"):  # the thread must live
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
        return bool(self._queue or self._scores or self._logs or self.findings) or self._has_news()

    def _has_news(self) -> bool:
        return len(self._open_calls) > len(self._shown)

    def _tick(self) -> None:
        if self._is_cold():
            self._process(1.0, until=INFERENCE)
            self._delivery.deliver(lambda: [*self._list_overdue(), *self._queue])
            return
        while self._process(1.0) and len(self._queue) >= BATCH:
            self._delivery.deliver()
        self._delivery.deliver(self._list_overdue)
        if self._pulse is not None:
            with self._delivery.lock, guard("pulse"):
                self._pulse()

    def _is_cold(self) -> bool:
        """True while the first model call waits for what refining it needs; until then it is shown as open."""
        if self._warm_up is None:
            return False
        if self._warming is None:
            calls = list(self._open_calls.values()) + list(self._queue)
            if all(call.kind not in INFERENCE for call in calls):
                return False
            self.warm_up()
        if self._warming is not None and self._warming.is_alive():
            return True
        self._warm_up = self._warming = None
        return False

    def _process(self, timeout_s: float, until: Sequence[Kind] = (), most: int = BATCH) -> bool:
        """Take one batch off the queue, at most up to a kind of call, and refine it; False when another thread does."""
        if not self._processing.acquire(timeout=timeout_s):
            return False
        try:
            if self._first is not None:
                first, self._first = self._first, None
                guard("fork.first")(first)()
            batch = self._pop_batch(until, most)
            self._count(len(batch))
            if batch:
                self._guarded_refine(batch)
                self._delivery.refined.append(batch)
        finally:
            self._processing.release()
        return True

    def _pop_batch(self, until: Sequence[Kind], most: int) -> list[Call]:
        queue = self._queue
        batch: list[Call] = []
        try:
            for _ in range(most):
                if until and queue[0].kind in until:
                    break
                batch.append(queue.popleft())
        except IndexError:
            if self._popped == self._delivery.taken:
                # Nothing else waits: what two callers counted at the same moment, and so wrong, is put right.
                self._ended_bytes = self._delivery.taken_bytes + sum_bytes(batch)
        self._popped += len(batch)
        return batch

    def _count(self, ended: int) -> None:
        """Tell how many calls began and ended, in batches: the hot path has no time for it."""
        started, self._started = self._started, 0
        if started:
            self._counts.count("started", "calls", n=started)
        if ended:
            self._counts.count("ended", "calls", n=ended)

    def _guarded_refine(self, batch: list[Call]) -> None:
        try:
            self._refine(batch)
        except Exception as error:
            from foretell.instrument.work.refining import withhold

            FAULTS.note("refine", error)
            withhold(batch)  # nothing that was not redacted goes on

    def _list_overdue(self) -> list[Call]:
        """Calls that outlived a tick, once each."""
        before = self._now_ns() - OPEN_AFTER_NS
        calls = list(self._open_calls.values())
        self._shown.intersection_update(call.id for call in calls)
        overdue: list[Call] = [call for call in calls if call.id not in self._shown and call.start_ns <= before]
        self._shown.update(call.id for call in overdue)
        return overdue

    def _help(self) -> None:
        """The queue fills: lend this thread for a batch; near the end make way; when it is full, shed."""
        waiting = len(self._queue) + self._popped - self._delivery.taken
        waiting_bytes = self._ended_bytes - self._delivery.taken_bytes
        if waiting < self.limits.max_items * 0.9 and waiting_bytes < self.limits.max_bytes * 0.9:
            if len(self._queue) < BATCH:  # the others are refined: only the sinks can help
                return
            self._inside.append(threading.get_ident())
            try:
                self._process(0.0)
            finally:
                self._inside.remove(threading.get_ident())
            return
        if waiting <= self.limits.max_items and waiting_bytes <= self.limits.max_bytes:
            time.sleep(MAKE_WAY_S)
            return
        try:
            newest = self._queue.pop()
        except IndexError:
            return
        freed = shed_contents(newest)
        if freed and waiting <= self.limits.max_items:
            self._ended_bytes -= freed
            self._queue.append(newest)
            self._counts.count("truncated", "payloads", "queue_full")
        else:
            self._ended_bytes -= freed + getattr(newest, "size_bytes", 0)
            self._counts.count("dropped", "calls", "queue_full")
        FAULTS.warn("queue.full", QUEUE_FULL)
