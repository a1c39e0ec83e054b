"""The program's own functions: told of findings by `@foretell.on_finding`, and asked to nudge an agent on."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from foretell.errors import ForetellError
from foretell.model.finding import Finding
from foretell.model.kinds import Outcome
from foretell.watchdog.runner import Runner
from foretell.watchdog.telling import CallIndex, Helper

if TYPE_CHECKING:
    from foretell.watchdog.telling import OpenCall

Function = Callable[[Finding], Any]  # what it returns matters only for a nudge
F = TypeVar("F", bound=Function)

THREADS: Final = "on_finding-"
"""Threads of the program's functions are named so: what they log is the program's, and a paused run does not hold them."""
SAID_CHARS: Final = 500
"""So much of what a nudge returns is kept."""
MAX_NUDGES: Final = 10_000
POLL_S: Final = 0.005
END_S: Final = 2.0
"""How long the end of the program waits for functions that are at work."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One function, and what it wants to hear."""

    function: Function
    trigger: str | None
    hears_ends: bool
    is_nudge: bool

    @property
    def name(self) -> str:
        """Of the function, for people."""
        return getattr(self.function, "__qualname__", type(self.function).__qualname__)

    def wants(self, finding: Finding) -> bool:
        """Whether it is told of this finding."""
        return self.trigger in (None, finding.trigger) and (finding.end_ns is None or self.hears_ends)


_registered: list[Callback] = []


@overload
def on_finding(target: F, /) -> F: ...
@overload
def on_finding(target: str | None = None, /, *, ended: bool = False, nudge: bool = False) -> Callable[[F], F]: ...
def on_finding(target: Any = None, /, *, ended: bool = False, nudge: bool = False) -> Any:
    """Have a function called with each finding, or with those of one trigger: `@foretell.on_finding("agent_loop")`.

    It is called as the finding begins, on a thread of its own; with `ended=True` once more when it is over (then
    `finding.end_ns` is set). What it raises, and how long it takes, never reaches your agents.

    With `nudge=True` the function may move the agent on, say by putting "go on with the results" where the agent
    reads. It runs inside the finding's run; what it returns, whether the trouble was over afterwards and after how
    long stand in the finding's evidence under `nudge`.
    """
    if callable(target):
        return _register(target, None, ended=ended, nudge=nudge)
    if target is not None:
        _check(target)
    return lambda function: _register(function, target, ended=ended, nudge=nudge)


def _check(trigger: object) -> None:
    from foretell.triggers.catalogue import find_trigger

    if not isinstance(trigger, str):
        raise ForetellError(
            f"on_finding() was given {trigger!r}, which is neither a trigger's id nor a function.\n"
            "Use it as @foretell.on_finding or @foretell.on_finding('agent_loop')."
        )
    find_trigger(trigger)


def _register(function: F, trigger: str | None, *, ended: bool, nudge: bool) -> F:
    if inspect.iscoroutinefunction(function):
        raise ForetellError(
            f"on_finding() was given the coroutine function {function.__qualname__}(); it is called on a thread without "
            "an event loop.\nMake it a plain function; to reach a loop: asyncio.run_coroutine_threadsafe(…, loop)."
        )
    callback = Callback(function, trigger, ended, nudge)
    if callback not in _registered:
        _registered.append(callback)
    return function


def list_callbacks() -> list[Callback]:
    """Every function that was registered so far."""
    return list(_registered)


@dataclass(slots=True)
class Nudge:
    """What came of one nudge."""

    name: str
    called_ns: int
    said: str = ""


class Callbacks(Helper):
    """Tells the program's functions, each on a thread of its own."""

    def __init__(
        self,
        *,
        open_calls: Mapping[int, OpenCall],
        clean: Callable[[str], str],
        now_ns: Callable[[], int],
        limit_s: float,
        list_all: Callable[[], list[Callback]] = list_callbacks,
    ) -> None:
        """Tell those that `list_all` gives at the time; `clean` takes secrets out of what a nudge returns."""
        self._open_calls = open_calls
        self._clean = clean
        self._now_ns = now_ns
        self._limit_s = limit_s
        self._list_all = list_all
        self._runners: dict[Callback, Runner[Finding]] = {}
        self._nudges: dict[tuple[str, str, int], Nudge] = {}

    def take(self, finding: Finding) -> None:
        """Tell whoever wants to hear of it."""
        if finding.end_ns is not None:
            self._nudges.pop(_identity_of(finding), None)
        for callback in self._list_all():
            if callback.wants(finding):
                self._runner_of(callback).put(finding)

    def improve(self, finding: Finding, ended_runs: Mapping[str, Outcome]) -> Finding:
        """Add whether a nudge has helped."""
        nudge = self._nudges.get(_identity_of(finding))
        if nudge is None or finding.end_ns is None:
            return finding
        outcome = ended_runs.get(finding.run_id or "", Outcome.OK)
        told = {
            "function": nudge.name,
            "after_s": max(0.0, (nudge.called_ns - finding.onset_ns) / 1e9),
            "said": nudge.said,
            "helped": outcome is Outcome.OK and "unfinished" not in finding.evidence,
            "resolved_after_s": max(0.0, (finding.end_ns - nudge.called_ns) / 1e9),
        }
        return replace(finding, evidence={**finding.evidence, "nudge": told})

    def attend(self) -> bool:
        """See whether one of them hangs."""
        return any([runner.check() for runner in list(self._runners.values())])  # noqa: C419  # each is to be checked

    def close(self) -> None:
        """Let those that are at work come to an end, for a while."""
        until_s = time.monotonic() + END_S
        while self.attend() and time.monotonic() < until_s:  # one that hangs is not waited for
            time.sleep(POLL_S)

    def after_fork(self) -> None:
        """Start afresh."""
        self._nudges.clear()
        self._runners.clear()

    def _runner_of(self, callback: Callback) -> Runner[Finding]:
        runner = self._runners.get(callback)
        if runner is None:
            call = (lambda finding: self._nudge(callback, finding)) if callback.is_nudge else callback.function
            what = f"The function {callback.name}() of on_finding"
            runner = self._runners[callback] = Runner(
                f"callback.{callback.name}", what, call, self._limit_s, thread_name=f"{THREADS}{callback.name}"
            )
        return runner

    def _nudge(self, callback: Callback, finding: Finding) -> None:
        """Call it inside the run that it is to move on, so that what it does is recorded there."""
        from opentelemetry.context import attach, detach

        if len(self._nudges) >= MAX_NUDGES:
            self._nudges.clear()  # of findings that were over before anybody was called
        nudge = self._nudges[_identity_of(finding)] = Nudge(callback.name, self._now_ns())
        call = CallIndex(self._open_calls).find(finding)
        inside = getattr(call, "inside", None)
        token = attach(inside) if inside is not None else None
        try:
            said = callback.function(finding)
        finally:
            if token is not None:
                detach(token)
        if isinstance(said, str):
            nudge.said = self._clean(said[:SAID_CHARS])


def _identity_of(finding: Finding) -> tuple[str, str, int]:
    return finding.trigger, finding.key, finding.onset_ns
