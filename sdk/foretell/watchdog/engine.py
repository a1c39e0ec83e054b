"""The watchdog: sees calls and samples while the agents run, has them judged, and passes on what begins and ends."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from foretell.errors import FAULTS, guard
from foretell.triggers.catalogue import find_trigger
from foretell.watchdog.crew import Crew
from foretell.watchdog.episodes import Episodes
from foretell.watchdog.traces import Traces

if TYPE_CHECKING:
    from foretell.detectors.detector import Detector
    from foretell.export.counts import Counts
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.model.kinds import Outcome
    from foretell.model.log import LogRecord
    from foretell.watchdog.clock import SteadyClock

NEWS_S: Final = 0.1
"""News are judged no more often than this: calls that end meanwhile share one round."""
LOOK_S: Final = 0.5
"""How often is looked while calls are open, or something lasts."""
LOOK_SHARE: Final = 0.01
"""A look takes no more than this share of a core: among thousands of tasks it comes less often …"""
LONGEST_S: Final = 2.0
"""… but never more rarely than this."""
MAX_WAITING: Final = 16_384
"""So many calls wait to be judged; more are counted as dropped, for the watchdog alone."""
HELP_AT: Final = 256
"""So many calls wait because the program leaves this thread no time: then whoever brings more judges them."""
STOP_S: Final = 2.0
FORK_WAIT_S: Final = 30.0
"""How long a fork waits for a round: an import that is half done then would hang the child."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at the process, for the detectors that have `method`."""

    method: str
    every_s: float
    samples: Callable[[int], Iterable[object]]
    """Gives what is seen at a time (ns)."""
    at_flush: bool = False
    """Also when a flush judges what is left: a short program may end before its first look."""


class Actions(Protocol):
    """What is done about findings. Called by one thread at a time, in order; must not wait."""

    def tell(self, findings: Sequence[Finding], ended_runs: Mapping[str, Outcome]) -> None:
        """Do what is to be done about findings that begin and end; `ended_runs` are the runs that just ended."""

    def attend(self) -> bool:
        """Do what is due: asked at each look, holding no lock. True while something needs to be attended to."""

    def close(self) -> None:
        """End what is still at work."""

    def after_fork(self) -> None:
        """Start afresh in a forked child."""


class Watchdog:
    """A sink (protocol `foretell.model.sink.Sink`) with a thread of its own, which sleeps while nothing is open.

    Taking costs the worker an entry in a queue. At a flush and at the end everything that was taken is judged by
    whoever flushes, so that a short program gets its findings too.
    """

    name = "watchdog"

    def __init__(
        self,
        make_detectors: Callable[[], Iterable[Detector]],
        looks: Sequence[Look],
        actions: Actions,
        clock: SteadyClock,
        open_calls: Mapping[int, Call],
        counts: Counts,
    ) -> None:
        """Watch with fresh detectors of `make_detectors`, also in a forked child; `open_calls` changes by itself."""
        self._make_detectors = make_detectors
        self._looks = looks
        self._actions = actions
        self._clock = clock
        self._open_calls = open_calls
        self._counts = counts
        self._traces = Traces()
        self._episodes = Episodes(find_trace=self._traces.find)
        self._begin()

    def _begin(self) -> None:
        self._crew = Crew(self._make_detectors())
        self._news: deque[tuple[bool, Sequence[Call]]] = deque()
        self._taken = self._judged = 0  # each is written by one thread only
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._is_idle = True
        self._has_lasting = self._is_held = False
        self._next_look_s: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    # -- what the worker calls -------------------------------------------------------------------------------------

    def take_open(self, calls: Sequence[Call]) -> None:
        """Note calls that outlived a tick."""
        self._note(True, calls)

    def take(self, calls: Sequence[Call]) -> None:
        """Note calls that ended."""
        self._note(False, calls)

    def _note(self, is_open: bool, calls: Sequence[Call]) -> None:
        self._taken += len(calls)
        if self._taken - self._judged > MAX_WAITING:
            self._taken -= len(calls)
            self._counts.count("dropped", "watchdog", "queue_full", len(calls))
            return
        self._news.append((is_open, calls))
        if self._is_idle:
            self._rouse()
        if self._taken - self._judged > HELP_AT and self._lock.acquire(blocking=False):
            try:
                self._round()
            finally:
                self._lock.release()

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Nothing: feedback is not judged."""

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Nothing: a line that says error is no sign of one."""

    def write(self) -> None:
        """Nothing: what is found goes out by the worker."""

    def flush(self, timeout_s: float) -> bool:
        """Judge everything that was taken so far; False when time ran out."""
        if not self._lock.acquire(timeout=timeout_s):
            return False
        try:
            self._round([look for look in self._looks if look.at_flush], at_once=True)
        finally:
            self._lock.release()
        if self._thread is not None and len(self._episodes):
            self._has_lasting = True  # the thread may sleep: it is to see the end of what this round has found
            self._wake.set()
        return True

    def close(self) -> None:
        """Stop watching: what still lasts ends now."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_S)
        self._thread = None
        if self._lock.acquire(timeout=STOP_S):
            try:
                self._round()
                self._pass_on(self._episodes.end_all(self._clock.now_ns()), {})
            finally:
                self._lock.release()
        self._actions.close()

    # -- forks -----------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Come to rest."""
        self._is_held = self._lock.acquire(timeout=FORK_WAIT_S)

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._is_held:
            self._is_held = False
            self._lock.release()

    def after_fork(self) -> None:
        """Start afresh: what the parent saw is the parent's to judge."""
        self._episodes.clear()
        self._begin()
        self._actions.after_fork()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _rouse(self) -> None:
        if self._thread is None and not self._stop.is_set():
            thread = threading.Thread(target=self._run, name="foretell-watchdog", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return  # the interpreter is ending: the last flush judges
            self._thread = thread
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._sleep()
            if self._stop.is_set():
                return
            with guard("watchdog"):  # the thread must live
                with self._lock:
                    self._round(self._looks)
                    if self._clock.follow(self._list_open_runs):
                        text = "The wall clock was set while agents ran; their runs keep the time of before."
                        FAULTS.warn("clock.jump", text)
                self._has_lasting = self._actions.attend() or len(self._episodes) > 0

    def _sleep(self) -> None:
        """Sleep until there is news, or until the next look while there is anything to look at."""
        if not self._news:
            self._wake.clear()
            self._is_idle = True
            # Looked at again: what came between the first look and the flag did not set the event.
            if not self._news:
                self._wake.wait(LOOK_S if self._open_calls or self._has_lasting else None)
            self._is_idle = False
        if self._news:
            self._stop.wait(NEWS_S)

    def _round(self, looks: Sequence[Look] = (), *, at_once: bool = False) -> None:
        now_ns = self._clock.now_ns()
        ended = self._judge_news(now_ns)
        self._look(looks, now_ns, at_once=at_once)
        findings: list[Finding] = []
        for trigger, judgements in self._crew.judge(now_ns):
            findings += self._episodes.take(find_trigger(trigger), judgements, now_ns)
        for trigger in self._crew.dismissed:
            findings += self._episodes.end_all(now_ns, trigger)
        self._crew.dismissed.clear()
        self._pass_on(findings, ended)

    def _judge_news(self, now_ns: int) -> dict[str, Outcome]:
        ended: dict[str, Outcome] = {}
        for _ in range(len(self._news)):
            is_open, calls = self._news.popleft()
            self._traces.note(calls)
            if is_open:
                self._crew.take_open(calls, now_ns)
            else:
                ended |= self._crew.take(calls, now_ns)
            self._judged += len(calls)
        return ended

    def _look(self, looks: Sequence[Look], now_ns: int, *, at_once: bool) -> None:
        """Look where it is time, and where somebody wants to see it."""
        at_s = time.monotonic()
        for look in looks:
            is_due = at_once or at_s >= self._next_look_s.get(look.method, 0.0)
            if not is_due or not self._crew.wants(look.method):
                continue
            began_s = time.thread_time()
            try:
                for sample in look.samples(now_ns):
                    self._crew.show(look.method, sample)
            except Exception as error:
                FAULTS.note(f"look.{look.method}", error)
            pause_s = min((time.thread_time() - began_s) / LOOK_SHARE, LONGEST_S)
            self._next_look_s[look.method] = at_s + max(look.every_s, pause_s) - NEWS_S / 2

    def _pass_on(self, findings: Sequence[Finding], ended: Mapping[str, Outcome]) -> None:
        if findings or ended:
            try:
                self._actions.tell(findings, ended)
            except Exception as error:
                FAULTS.note("watchdog.actions", error)

    def _list_open_runs(self) -> list[str]:
        return [call.run_id for call in list(self._open_calls.values())]
