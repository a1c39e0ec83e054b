"""Takes encoded items from the worker and gets them to the collector on a thread of its own, or into the outbox."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol

from foretell.export.counts import Counts
from foretell.export.endpoints import BatchLimits
from foretell.export.split import count_items, split_request
from foretell.export.transport import Answer, Fate, Transport
from foretell.export.wire import join_request

HURRY_S: Final = 0.2
"""Where somebody waits for a run's end, at most so long; and at most so many requests as that allows."""
LOOK_S: Final = 60.0
"""Between two looks for what other processes left in the outbox."""
PROBE_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Waits between looking whether a lost collector is back."""
BATCH_BYTES: Final = 4 * 2**20


class Outbox(Protocol):
    """Keeps on disk what could not be sent, over the end of the process too. Used by more than one thread."""

    def put(self, signal: str, body: bytes) -> bool:
        """Keep a whole request; False where there is no room."""

    def take(self, limit: int) -> list[tuple[int, str, bytes]]:
        """Lend the oldest requests that no other process is sending: (key, signal, body)."""

    def give_back(self, keys: Sequence[int]) -> None:
        """Keep requests that could not be sent."""

    def done(self, keys: Sequence[int]) -> None:
        """Forget requests that were sent, or never will be."""


@dataclass(slots=True)
class _Waiting:
    """Items of one signal, not yet a request."""

    parts: deque[tuple[bytes, int]] = field(default_factory=deque)
    items: int = 0
    size: int = 0
    due_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class _Request:
    signal: str
    body: bytes
    items: int
    held: int
    """Bytes of the buffer that are free when it is done."""
    key: int | None = None
    """Of the outbox."""


class Exporter:
    """A bounded buffer and a thread that sends: the only place that waits for the network.

    `submit` may be called from any thread and never waits for the collector. What the collector does not take
    after all retries, or what no longer fits, goes to the outbox; without one it is dropped and counted.
    """

    def __init__(
        self,
        transports: Mapping[str, Transport],
        counts: Counts,
        *,
        resource: bytes = b"",
        scope: bytes = b"",
        outbox: Outbox | None = None,
        limits: BatchLimits | None = None,
        clock: Callable[[], float] = monotonic,
        on_error: Callable[[str, Exception], None] | None = None,
    ) -> None:
        """Send each signal (`traces`, `metrics`, `logs`) by its transport; no thread runs before the first `submit`.

        `resource` and `scope` (from `wire.resource_field`, `wire.scope_field`) are put around the items.
        `on_error(hook, error)` hears of faults of our own, in place of which the thread goes on.
        """
        self._transports = dict(transports)
        self._counts = counts
        self._resource, self._scope = resource, scope
        self._outbox = outbox
        self._limits = limits or BatchLimits()
        self._clock = clock
        self._on_error = on_error
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._waiting = {signal: _Waiting() for signal in self._transports}
        self._requests: deque[_Request] = deque()
        self._held_bytes = self._held_items = 0
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._probe_s = 0.0
        """When a lost collector is tried again."""
        self._look_s = 0.0
        """When the outbox is looked at again."""
        self.last_error: dict[str, str] = {}
        """Signal → what the collector or the network last said against it, and our own faults; for `foretell doctor`."""

    def set_envelope(self, resource: bytes, scope: bytes) -> None:
        """Put another resource and scope around items from now on."""
        self._resource, self._scope = resource, scope

    def submit(self, signal: str, body: bytes, items: int) -> bool:
        """Take encoded items (fields of a scope, joined); False where they were dropped or nobody sends the signal."""
        waiting = self._waiting.get(signal)
        if waiting is None:
            return False
        with self._changed:
            refusal = self._hold(len(body), items)
            if not refusal:
                is_first = not waiting.parts
                waiting.parts.append((body, items))
                waiting.items += items
                waiting.size += len(body)
                if is_first:
                    waiting.due_s = self._clock() + self._limits.age_s
                if is_first or self._is_full(waiting):
                    self._wake()
        return not refusal or self._keep(signal, self._wrap([body]), items, refusal)

    def submit_request(self, signal: str, body: bytes, items: int) -> bool:
        """Take a whole export request that needs nothing around it."""
        if signal not in self._transports:
            return False
        with self._changed:
            refusal = self._hold(len(body), items)
            if not refusal:
                self._requests.append(_Request(signal, body, items, len(body)))
                self._wake()
        return not refusal or self._keep(signal, body, items, refusal)

    def hurry(self) -> None:
        """Send what is there soon: a run ended, and somebody may be looking."""
        with self._changed:
            soon_s = self._clock() + HURRY_S
            for waiting in self._waiting.values():
                if waiting.parts and waiting.due_s > soon_s:
                    waiting.due_s = soon_s
                    self._changed.notify()

    def flush(self, timeout_s: float) -> bool:
        """Send everything, or put it into the outbox; False when time ran out."""
        deadline = self._clock() + timeout_s
        with self._changed:
            for waiting in self._waiting.values():
                if waiting.parts:
                    waiting.due_s = 0.0
            self._changed.notify_all()
            while self._held_items or self._held_bytes:
                left_s = deadline - self._clock()
                if left_s <= 0 or not self._changed.wait(left_s):
                    return False
        return True

    def close(self, timeout_s: float = 5.0) -> bool:
        """Flush, end the thread and the connections; what is left goes to the outbox or is dropped and counted."""
        if self._outbox is not None:
            # What is kept need not be tried again now: a lost collector does not hold up the end of the program.
            self._stop_waiting()
        is_flushed = self.flush(timeout_s)
        with self._changed:
            self._is_closing = True
            thread = self._thread
            self._changed.notify_all()
        self._stop_waiting()
        if thread is not None and thread is not threading.current_thread():
            thread.join(min(1.0, timeout_s))
        self._give_up()
        if thread is None or not thread.is_alive():
            for transport in self._transports.values():
                transport.close()
        return is_flushed

    def after_fork(self) -> None:
        """Start afresh in a forked child: what was waiting is the parent's, who sends it."""
        for transport in self._transports.values():
            transport.after_fork()
        self._begin()

    def _stop_waiting(self) -> None:
        for transport in self._transports.values():
            transport.stop()

    # -- the buffer, under the lock ---------------------------------------------------------------------------------

    def _hold(self, size: int, items: int) -> str:
        """Take room in the buffer; gives the reason where there is none."""
        if self._is_closing:
            return "shutdown"
        if self._held_bytes + size > self._limits.max_bytes or self._held_items + items > self._limits.max_items:
            return "buffer_full"
        self._held_bytes += size
        self._held_items += items
        return ""

    def _is_full(self, waiting: _Waiting) -> bool:
        return waiting.items >= self._limits.batch_items or waiting.size >= BATCH_BYTES

    def _wake(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="foretell-export", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending: `close` saves what is there
                return
            self._thread = thread
        self._changed.notify()

    def _take_batch(self, signal: str, waiting: _Waiting) -> _Request:
        parts: list[bytes] = []
        items = size = 0
        while waiting.parts and items < self._limits.batch_items and size < BATCH_BYTES:
            body, n = waiting.parts.popleft()
            parts.append(body)
            items += n
            size += len(body)
        waiting.items -= items
        waiting.size -= size
        if not waiting.parts:
            waiting.due_s = float("inf")
        return _Request(signal, self._wrap(parts), items, size)

    def _wrap(self, parts: Sequence[bytes]) -> bytes:
        return join_request(self._resource, self._scope, parts)

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                is_leftover_due, request = self._next()
            try:
                if is_leftover_due:
                    request = self._take_leftover()
                if request is None:
                    if is_leftover_due:
                        continue
                    return
                self._carry_out(request)
            except Exception as error:  # the thread must live: what it was about is lost, and counted
                if request is not None:
                    self._counts.count("dropped", request.signal, "fault", request.items)
                self._look_s = self._clock() + LOOK_S  # if the outbox is at fault, do not ask it again at once
                self._tell("export", error)
            finally:
                if request is not None and request.key is None:
                    self._let_go(request)

    def _let_go(self, request: _Request) -> None:
        with self._changed:
            self._held_bytes -= request.held
            self._held_items -= request.items
            self._changed.notify_all()

    def _next(self) -> tuple[bool, _Request | None]:
        """Wait for what is to be done next: (a leftover?, a request); (False, None) when the exporter is closing."""
        while not self._is_closing:
            now_s = self._clock()
            if self._requests:
                return False, self._requests.popleft()
            for signal, waiting in self._waiting.items():
                if waiting.due_s <= now_s or self._is_full(waiting):
                    return False, self._take_batch(signal, waiting)
            due_s = min((waiting.due_s for waiting in self._waiting.values()), default=float("inf"))
            if self._outbox is not None:
                look_s = max(self._look_s, self._probe_s)
                if now_s >= look_s:
                    return True, None
                due_s = min(due_s, look_s)
            self._changed.wait(None if due_s == float("inf") else max(0.0, due_s - now_s))
        return False, None

    def _take_leftover(self) -> _Request | None:
        lent = self._outbox.take(1) if self._outbox is not None else None
        if not lent:
            self._look_s = self._clock() + LOOK_S
            return None
        key, signal, body = lent[0]
        return _Request(signal, body, count_items(body), 0, key)

    def _carry_out(self, request: _Request) -> None:
        transport = self._transports.get(request.signal)
        if transport is None:  # left over from a process that sent another signal
            self._lose(request, "no_transport")
            return
        is_down = self._failures > 0 and self._outbox is not None
        if is_down and self._clock() < self._probe_s:
            self._put_away(request, "unreachable")
            return
        self._settle(request, transport.send(request.body, retry=not is_down and request.key is None))

    def _settle(self, request: _Request, answer: Answer) -> None:
        if answer.detail:
            self.last_error[request.signal] = f"{answer.reason}: {answer.detail}"
        if answer.fate is Fate.UNREACHABLE:
            pause_s = PROBE_S[min(self._failures, len(PROBE_S) - 1)]
            self._failures += 1
            self._probe_s = self._clock() + max(pause_s, answer.retry_after_s or 0.0)
            self._put_away(request, answer.reason)
            return
        self._failures = 0
        if answer.fate is Fate.SENT:
            self._counts.count("exported", request.signal, "", request.items - answer.rejected)
            if answer.rejected:
                self._counts.count("dropped", request.signal, "rejected", answer.rejected)
            self._forget(request)
        elif answer.fate is Fate.TOO_LARGE:
            self._send_halves(request, answer)
        else:
            self._lose(request, answer.reason)

    def _send_halves(self, request: _Request, answer: Answer) -> None:
        halves = split_request(request.body)
        if halves is None:
            self._lose(request, answer.reason)
            return
        self._forget(request)
        for half in halves:
            self._carry_out(_Request(request.signal, half, count_items(half), 0))

    def _put_away(self, request: _Request, reason: str) -> None:
        if request.key is not None and self._outbox is not None:
            self._outbox.give_back([request.key])
        else:
            self._keep(request.signal, request.body, request.items, reason)

    def _keep(self, signal: str, body: bytes, items: int, reason: str) -> bool:
        try:
            if self._outbox is not None and self._outbox.put(signal, body):
                self._look_s = 0.0
                return True
        except Exception as error:  # a full disk, say: counted as dropped, and heard of
            self._tell("export.outbox", error)
        self._counts.count("dropped", signal, reason, items)
        return False

    def _tell(self, hook: str, error: Exception) -> None:
        self.last_error[hook] = f"{type(error).__name__}: {error}"
        if self._on_error is not None:
            self._on_error(hook, error)

    def _lose(self, request: _Request, reason: str) -> None:
        self._counts.count("dropped", request.signal, reason, request.items)
        self._forget(request)

    def _forget(self, request: _Request) -> None:
        if request.key is not None and self._outbox is not None:
            self._outbox.done([request.key])

    def _give_up(self) -> None:
        with self._changed:
            left = list(self._requests)
            self._requests.clear()
            for signal, waiting in self._waiting.items():
                while waiting.parts:
                    left.append(self._take_batch(signal, waiting))
            self._held_bytes = self._held_items = 0
        for request in left:
            self._keep(request.signal, request.body, request.items, "shutdown")
