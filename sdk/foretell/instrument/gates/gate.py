"""Halts and pauses: what the next operation of a run meets when a trigger took hold of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from foretell.errors import RunHalted

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.finding import Finding

PAUSED: Final = "foretell.paused"
"""The event on an operation that waited."""
FUNCTION_THREADS: Final = "on_finding-"
"""Names of threads begin so in which functions of `on_finding` run, nudges among them."""
WAIT_S: Final = 0.05
STEPS_S: Final = (0.02, 0.05, 0.1, 0.2)
"""How often an awaiting operation looks whether it may go on: soon at first, then less often."""


class Passer(Protocol):
    """What passes a gate: an operation, or a request of a client."""

    @property
    def run_id(self) -> str:
        """Of which run it is; empty for none."""

    @property
    def agent_name(self) -> str | None:
        """Of which agent it is."""

    @property
    def end_ns(self) -> int | None:
        """When it ended, if it did meanwhile."""

    def fail(self, error: BaseException) -> None:
        """It ends with this error."""

    def add_event(self, name: str, /, **fields: Any) -> None:
        """Note what happened at the gate."""


@dataclass(slots=True, eq=False)
class Hold:
    """A finding that keeps runs from going on."""

    finding: Finding
    is_halt: bool
    until_s: float = float("inf")
    """By the monotonic clock: a pause ends then."""
    is_over: bool = False
    """True when nobody needs to wait for it any more."""
    released: set[str] = field(default_factory=set)
    """Runs that may go on although the hold lasts."""

    def concerns(self, run_id: str, agent_name: str | None) -> bool:
        """Whether it holds this run: its own, or every run of its agent, or every run."""
        about = self.finding
        if run_id in self.released:
            return False
        if about.run_id is not None:
            return about.run_id == run_id
        return about.agent_name is None or about.agent_name == agent_name


class Gates:
    """What each operation passes at its opening while any run is held."""

    def __init__(
        self,
        open_calls: Mapping[int, Call],
        *,
        pause_limit_s: float = 3_600.0,
        halts_after_pause: bool = False,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold runs among `open_calls`; a pause lasts `pause_limit_s` at most, and then the run goes on, or is halted."""
        self._open_calls = open_calls
        self._pause_limit_s = pause_limit_s
        self._halts_after_pause = halts_after_pause
        self._monotonic_s = monotonic_s
        self._of_runs: dict[str, list[Hold]] = {}
        self._of_all: list[Hold] = []
        """Of findings about no single run."""
        self._lock = threading.RLock()  # a signal handler may open the gates while its thread is in here

    @property
    def is_open(self) -> bool:
        """True while nothing is held: operations need not ask."""
        return not (self._of_runs or self._of_all)

    # -- what findings do ------------------------------------------------------------------------------------------

    def halt(self, finding: Finding) -> None:
        """From now on each operation that the run opens raises `RunHalted`."""
        self._add(Hold(finding, is_halt=True))

    def pause(self, finding: Finding) -> None:
        """The next operation that the run opens waits for `resume`, up to the time limit."""
        self._add(Hold(finding, is_halt=False, until_s=self._monotonic_s() + self._pause_limit_s))

    def lift(self, finding: Finding) -> None:
        """A finding about no single run has ended: the runs go on. One about a run holds it until that ends."""
        if finding.run_id is None:
            with self._lock:
                for hold in [hold for hold in self._of_all if _is_same(hold.finding, finding)]:
                    self._remove(hold)

    def resume(self, run_id: str) -> bool:
        """Let a paused run go on; False where it is not paused here. A halted run stays halted."""
        with self._lock:
            agent_name = self._agent_of(run_id) if self._of_all else None
            holds = [*self._of_runs.get(run_id, ()), *self._of_all]
            paused = [hold for hold in holds if not hold.is_halt and hold.concerns(run_id, agent_name)]
            for hold in paused:
                hold.released.add(run_id)
                if hold.finding.run_id is not None:
                    self._remove(hold)
        return bool(paused)

    def list_paused(self) -> dict[str, Hold]:
        """The open runs that are paused, or will be at their next operation."""
        paused: dict[str, Hold] = {}
        for call in () if self.is_open else list(self._open_calls.values()):
            if call.run_id not in paused:
                for hold in (*self._of_runs.get(call.run_id, ()), *self._of_all):
                    if not hold.is_halt and hold.concerns(call.run_id, call.agent_name):
                        paused[call.run_id] = hold
        return paused

    def tidy(self) -> None:
        """Forget holds of runs that have ended, and pauses whose time is up."""
        runs = {call.run_id for call in list(self._open_calls.values())}
        now_s = self._monotonic_s()
        with self._lock:
            for hold in self._list_all():
                about = hold.finding.run_id
                is_late = hold.until_s <= now_s and not self._expire(hold)
                if is_late or (about is not None and about not in runs):
                    self._remove(hold)

    def open_all(self) -> None:
        """Hold nothing any more: recording ends."""
        with self._lock:
            for hold in self._list_all():
                self._remove(hold)

    def after_fork(self) -> None:
        """Start afresh in a forked child; a run that was halted stays so, for its pauses nobody there would care."""
        self._lock = threading.RLock()
        for hold in self._list_all():
            if not hold.is_halt:
                self._remove(hold)

    # -- what operations do ----------------------------------------------------------------------------------------

    def __call__(self, operation: Passer) -> None:
        """Let an operation pass, hold up its thread, or raise `RunHalted` with the operation ended as halted."""
        hold = self._find(operation)
        if hold is None:
            return
        if not hold.is_halt:
            # On an event loop its wrapper waits, where there is one that can; a nudge is there to get things going.
            if not _is_on_event_loop() and not threading.current_thread().name.startswith(FUNCTION_THREADS):
                self._wait(operation, hold)
            return
        error = make_error(hold.finding, operation.run_id)
        operation.fail(error)
        raise error

    async def wait(self, operation: Passer) -> None:
        """The same for an operation whose wrapper can wait without blocking the event loop; raises, but ends nothing."""
        import asyncio

        hold = self._find(operation)
        if hold is None or hold.is_halt:
            return
        since_s, looks = self._monotonic_s(), 0
        while not self._is_over(hold, operation):
            await asyncio.sleep(STEPS_S[min(looks // 10, len(STEPS_S) - 1)])
            looks += 1
        self._go_on(operation, hold, since_s)

    def _wait(self, operation: Passer, hold: Hold) -> None:
        since_s = self._monotonic_s()
        try:
            # Not an event: its lock is not for signal handlers, and SIGTERM opens all gates.
            while not self._is_over(hold, operation):
                time.sleep(WAIT_S)
            self._go_on(operation, hold, since_s)
        except BaseException as error:  # halted after all, or Ctrl-C: the operation ends with it
            operation.fail(error)
            raise

    def _go_on(self, operation: Passer, hold: Hold, since_s: float) -> None:
        waited_s = self._monotonic_s() - since_s
        is_resumed = operation.run_id in hold.released
        operation.add_event(PAUSED, trigger=hold.finding.trigger, waited_s=round(waited_s, 3), is_resumed=is_resumed)
        if not is_resumed and self._expire(hold):
            raise make_error(hold.finding, operation.run_id)

    def _is_over(self, hold: Hold, operation: Passer) -> bool:
        return (
            hold.is_over
            or operation.run_id in hold.released
            or operation.end_ns is not None
            or self._monotonic_s() >= hold.until_s
        )

    def _expire(self, hold: Hold) -> bool:
        """Nobody has resumed in time: True where the pause becomes a halt."""
        if self._halts_after_pause and (hold.is_halt or self._monotonic_s() >= hold.until_s):
            hold.is_halt, hold.until_s = True, float("inf")
            hold.is_over = True
        return hold.is_halt

    # -- the list --------------------------------------------------------------------------------------------------

    def _find(self, operation: Passer) -> Hold | None:
        """The hold that counts: a halt before a pause."""
        found: Hold | None = None
        holds: list[Hold] = [*self._of_runs.get(operation.run_id, ()), *self._of_all]
        for hold in holds:
            if hold.concerns(operation.run_id, operation.agent_name):
                if hold.is_halt:
                    return hold
                is_late = self._monotonic_s() >= hold.until_s and not self._halts_after_pause
                found = found or (None if is_late else hold)
        return found

    def _add(self, hold: Hold) -> None:
        about = hold.finding.run_id
        with self._lock:
            holds = self._of_all if about is None else self._of_runs.setdefault(about, [])
            if not any(_is_same(known.finding, hold.finding) for known in holds):
                holds.append(hold)

    def _list_all(self) -> list[Hold]:
        return [*self._of_all, *(hold for holds in list(self._of_runs.values()) for hold in holds)]

    def _remove(self, hold: Hold) -> None:
        about = hold.finding.run_id
        holds = self._of_all if about is None else self._of_runs[about]
        holds.remove(hold)
        if about is not None and not holds:
            del self._of_runs[about]
        hold.is_over = True

    def _agent_of(self, run_id: str) -> str | None:
        names = [call.agent_name for call in list(self._open_calls.values()) if call.run_id == run_id]
        return next((name for name in names if name is not None), None)


def make_error(finding: Finding, run_id: str) -> RunHalted:
    """What the program gets: the trigger, its evidence, and how to let such a run go on."""
    how = (
        f"To let such runs go on: foretell.init(actions={{{finding.trigger!r}: 'log'}}) or "
        f"FORETELL_ACTIONS={finding.trigger}=log; `foretell triggers` lists its limits."
    )
    return RunHalted(finding.trigger, {"explanation": finding.explanation, **finding.evidence}, how, run_id)


def _is_same(one: Finding, other: Finding) -> bool:
    return (one.trigger, one.key) == (other.trigger, other.key)


def _is_on_event_loop() -> bool:
    """Whether this thread runs an event loop, which nothing may hold up."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
