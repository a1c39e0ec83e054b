"""Takes encoded items from the worker and gets them to the collector on a thread of its own, or into the outbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from foretell.export.backoff import Backoff
from foretell.export.counts import Counts
from foretell.export.endpoints import BatchLimits
from foretell.export.otlp.split import count_items, split_request
from foretell.export.shelf import Shelf
from foretell.export.transport import Answer, Fate, Nowhere, Transport
from foretell.export.waiting import NEVER, Outbox, Pieces, Request, Waiting

HURRY_S: Final = 1.0
"""Where somebody waits for a run's end, at most so long; and at most so many requests as that allows."""
LEFTOVERS_S: Final = 1.0
"""How long the end of a program may send what earlier ones left in the outbox; what it left itself, as long as there is time."""
LEAST_S: Final = 0.05
SLOW_S: Final = 0.5
"""A request that has no answer after this long is worth a word at the end of the program."""
FORK_WAIT_S: Final = 30.0


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
        on_trouble: Callable[[str, Answer], None] | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        """Send each signal (`traces`, `metrics`, `logs`) by its transport; no thread runs before the first `submit`.

        `resource` and `scope` (from `wire.resource_field`, `wire.scope_field`) are put around the items.
        `on_error(hook, error)` hears of faults of our own, in place of which the thread goes on, and
        `on_trouble(signal, answer)` of everything that a collector did not take. `prepare` does, on that thread, what
        must not be half done at a fork: imports.
        """
        self._transports = dict(transports)
        self._signals = tuple(transports)
        self._counts = counts
        self._resource, self._scope = resource, scope
        self._outbox = outbox
        self._limits = limits or BatchLimits()
        self._clock = clock
        self._on_error = on_error
        self._on_trouble = on_trouble
        self._prepare = prepare
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._waiting = Waiting(self._signals, self._limits, self._clock)
        self._waiting.resource, self._waiting.scope = self._resource, self._scope
        self._is_closing = self._is_finished = self._has_no_threads = False
        self._here_until_s: float | None = None
        """Where another thread does the sending: when it wants to be back."""
        self._thread: threading.Thread | None = None
        self._preparing = threading.Lock()
        self._is_held = False
        self._sending: Request | None = None
        self._sending_since_s = 0.0
        self._abandoned: Request | None = None
        self._backoff = Backoff()
        self._shelf = Shelf(self._outbox, self._counts, self._clock, self._tell)
        self.last_error: dict[str, str] = {}
        """Signal → what the collector or the network last said against it, and our own faults; for `foretell doctor`."""

    def set_envelope(self, resource: bytes, scope: bytes) -> None:
        """Put another resource and scope around items from now on."""
        self._resource, self._scope = resource, scope
        self._waiting.resource, self._waiting.scope = resource, scope

    def submit(self, signal: str, part: Pieces, items: int, scope: bytes = b"") -> bool:
        """Take encoded items; False where they were dropped or nobody sends the signal.

        `scope` (from `wire.scope_field`) is that of items which are not our own.
        """
        if not self._waiting.takes(signal):
            return False
        with self._changed:
            refusal = self._refusal(part.size, items)
            if not refusal and self._waiting.add(signal, part, items, scope):
                self._wake()
        return not refusal or self._shelf.keep(signal, self._waiting.wrap({scope: part}), items, refusal)

    def submit_request(self, signal: str, body: bytes, items: int) -> bool:
        """Take a whole export request that needs nothing around it."""
        if signal not in self._transports:
            return False
        with self._changed:
            refusal = self._refusal(len(body), items)
            if not refusal:
                self._waiting.add_request(signal, body, items)
                self._wake()
        return not refusal or self._shelf.keep(signal, body, items, refusal)

    def hurry(self) -> None:
        """Send what is there soon: a run ended, and somebody may be looking."""
        with self._changed:
            if self._waiting.hurry(self._clock() + HURRY_S):
                self._changed.notify()

    def flush(self, timeout_s: float) -> bool:
        """Send everything, or put it into the outbox; False when time ran out."""
        deadline = self._clock() + timeout_s
        with self._changed:
            self._backoff.hurry(self._clock())
            self._waiting.hurry(0.0)
            self._changed.notify_all()
            while self._thread is not None and self._waiting:
                left_s = deadline - self._clock()
                if left_s <= 0 or not self._changed.wait(left_s):
                    return False
            if self._shelf.has_own:
                self._await_leftovers(deadline)
        return self._send_here(deadline)

    def stop_waiting(self) -> None:
        """The program ends: from now on nothing is tried twice, as far as there is an outbox that keeps it."""
        if self._outbox is not None:
            for transport in self._transports.values():
                transport.stop()

    def finish(self, timeout_s: float = 5.0) -> bool:
        """Flush and end the thread; what is left goes to the outbox. Later items wait for a `flush`, which sends them."""
        deadline = self._clock() + timeout_s
        self.stop_waiting()
        is_flushed = self.flush(timeout_s)
        with self._changed:
            if is_flushed and self._shelf.is_there and not self._shelf.has_own:
                self._await_leftovers(min(deadline, self._clock() + LEFTOVERS_S))
            thread, self._thread = self._thread, None
            self._is_finished = True
            self._changed.notify_all()
        for transport in self._transports.values():
            transport.stop()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(LEAST_S, deadline - self._clock()))
            if thread.is_alive():  # it hangs in a transport, which nobody else may use now
                self._transports = {signal: Nowhere() for signal in self._transports}
        self._give_up()
        return is_flushed

    def close(self, timeout_s: float = 5.0) -> bool:
        """Finish, for good: what comes later is refused."""
        is_flushed = self.finish(timeout_s)
        with self._changed:
            self._is_closing = True
        self._give_up()
        for transport in self._transports.values():
            transport.close()
        return is_flushed

    def before_fork(self) -> None:
        """Wait until no import is half done."""
        self._is_held = self._preparing.acquire(timeout=FORK_WAIT_S)

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._is_held:
            self._preparing.release()

    def after_fork(self) -> None:
        """Start afresh in a forked child: what was waiting is the parent's, who sends it."""
        for transport in self._transports.values():
            transport.after_fork()
        self._begin()

    def retire(self) -> None:
        """Send what is there and take nothing more: from now on somebody else exports."""
        with self._changed:
            self._signals = ()
            self._waiting.retire()
            self._changed.notify_all()

    def _refusal(self, size: int, items: int) -> str:
        """Why items are not taken; "" where they are."""
        if self._is_closing:
            return "shutdown"
        return "" if self._waiting.has_room(size, items) else "buffer_full"

    def _wake(self) -> None:
        if self._thread is None:
            if self._is_finished:
                return
            thread = threading.Thread(target=self._run, name="foretell-export", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending: `flush` sends what is there
                self._has_no_threads = True
                return
            self._thread = thread
        self._changed.notify()

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._preparing:
            self._attempt(self._prepare)
        while True:
            with self._changed:
                is_leftover_due, request = self._next()
            if is_leftover_due:
                self._attempt(self._send_leftover)
            elif request is None:
                return
            else:
                self._send_one(request)

    def _send_here(self, deadline_s: float) -> bool:
        """Send on this thread what waits, where the exporter has no thread (any more)."""
        if self._thread is None:
            self._here_until_s = deadline_s
        while self._thread is None and self._clock() < deadline_s:
            with self._changed:
                request = self._waiting.pop_due()
            if request is None:
                break
            self._send_one(request)
        return not self._waiting

    def _send_one(self, request: Request) -> None:
        self._sending, self._sending_since_s = request, self._clock()
        if not self._attempt(lambda: self._carry_out(request)):
            # Whoever sends must go on: what it was about is lost, and counted.
            self._counts.count("dropped", request.signal, "fault", request.items)
        with self._changed:
            self._sending = None
            if request is not self._abandoned:
                self._waiting.free(request)
            self._changed.notify_all()

    def _attempt(self, action: Callable[[], object] | None) -> bool:
        try:
            if action is not None:
                action()
        except Exception as error:
            self._shelf.look_later()  # if the outbox is at fault, do not ask it again at once
            self._tell("export", error)
            return False
        return True

    def _next(self) -> tuple[bool, Request | None]:
        """Wait for what is to be done next: (a leftover?, a request); (False, None) when this thread is to end."""
        while self._thread is threading.current_thread():
            request = self._waiting.pop_due()
            if request is not None:
                return False, request
            now_s = self._clock()
            due_s = self._waiting.next_due_s()
            look_s = max(self._shelf.look_s, self._backoff.probe_s)
            if now_s >= look_s:
                return True, None
            due_s = min(due_s, look_s)
            self._changed.wait(None if due_s == NEVER else max(0.0, due_s - now_s))
        return False, None

    def _await_leftovers(self, deadline_s: float) -> None:
        """Send what is in the outbox, until nothing is left or the collector does not take it."""
        if self._thread is not None:
            self._changed.wait_for(self._has_looked, max(0.0, deadline_s - self._clock()))
        elif self._has_no_threads:
            self._here_until_s = deadline_s
            while self._clock() < deadline_s and not self._has_looked() and self._attempt(self._send_leftover):
                pass

    def _has_looked(self) -> bool:
        now_s = self._clock()
        return self._backoff.is_waiting(now_s) or self._shelf.look_s > now_s

    def _send_leftover(self) -> None:
        request = self._sending = self._shelf.take()
        self._sending_since_s = self._clock()
        if request is not None:
            self._carry_out(request)
        self._sending = None
        with self._changed:
            self._changed.notify_all()

    def _carry_out(self, request: Request) -> None:
        transport = self._transports.get(request.signal)
        if transport is None:  # left over from a process that sent another signal
            self._lose(request, "no_transport")
            return
        is_down = self._backoff.failures > 0 and self._shelf.is_there
        if is_down and self._backoff.is_waiting(self._clock()):
            self._shelf.put(request, "unreachable")
            return
        retry = not is_down and request.key is None
        if self._here_until_s is None:
            answer = transport.send(request.body, retry=retry)
        else:
            answer = transport.send(
                request.body, retry=retry, timeout_s=max(LEAST_S, self._here_until_s - self._clock())
            )
        if request is not self._abandoned:
            self._settle(request, answer)

    def _settle(self, request: Request, answer: Answer) -> None:
        if answer.detail:
            self.last_error[request.signal] = f"{answer.reason}: {answer.detail}"
        if answer.fate is Fate.UNREACHABLE:
            self._backoff.fail(self._clock(), answer.retry_after_s)
            self._complain(request, answer)
            self._shelf.put(request, answer.reason)
            return
        self._backoff.succeed()
        if answer.fate is Fate.SENT:
            self._counts.count("exported", request.signal, "", request.items - answer.rejected)
            if answer.rejected:
                self._counts.count("dropped", request.signal, "rejected", answer.rejected)
                self._complain(request, answer)
            self._shelf.forget(request)
        elif answer.fate is Fate.TOO_LARGE:
            self._send_halves(request, answer)
        else:
            self._complain(request, answer)
            self._lose(request, answer.reason)

    def _complain(self, request: Request | None, answer: Answer) -> None:
        if request is not None and self._on_trouble is not None:
            self._on_trouble(request.signal, answer)

    def _send_halves(self, request: Request, answer: Answer) -> None:
        halves = split_request(bytes(request.body))
        if halves is None:
            self._complain(request, answer)
            self._lose(request, answer.reason)
            return
        self._shelf.forget(request)
        for half in halves:
            self._carry_out(Request(request.signal, half, count_items(half), 0))

    def _tell(self, hook: str, error: Exception) -> None:
        self.last_error[hook] = f"{type(error).__name__}: {error}"
        if self._on_error is not None:
            self._on_error(hook, error)

    def _lose(self, request: Request, reason: str) -> None:
        self._counts.count("dropped", request.signal, reason, request.items)
        self._shelf.forget(request)

    def _give_up(self) -> None:
        with self._changed:
            left = self._waiting.pop_all()
            if self._sending is not None:  # it may arrive, and then arrives twice; dropped, it might never
                self._abandoned = self._sending
                # Else a thread that records to the last moment is just about to send.
                if self._clock() - self._sending_since_s >= SLOW_S:
                    self._complain(self._sending, Answer(Fate.UNREACHABLE, "time", detail="no answer yet"))
                left.insert(0, self._sending)
        for request in left:
            self._shelf.put(request, "shutdown")
