"""What can be refused, what stops a run, and the guard that keeps our faults out of your program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from threading import RLock
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")

# Hooks are few and written in our code; the bound is for a hook name that is made at run time by mistake.
MAX_FAULT_KINDS = 256
MAX_SHOWN_CHARS = 200
MAX_WARNING_CHARS = 400


class ForetellError(Exception):
    """Foretell refuses something and says what to type instead."""

    exit_code = 2


class SettingError(ForetellError):
    """A setting has an unknown name or a value that it cannot take."""


class MissingExtra(ForetellError):
    """Something was asked for whose package is not installed; the message holds the command that installs it."""


class StoreError(ForetellError):
    """The embedded store cannot be opened, read or written."""


class RunHalted(BaseException):
    """Ends a run that a trigger halted.

    A BaseException, so that retry loops with `except Exception` cannot swallow it.
    """

    def __init__(
        self,
        trigger: str,
        evidence: Mapping[str, Any] | None = None,
        how_to_allow: str = "",
        run_id: str | None = None,
    ) -> None:
        """Say which trigger halted which run, on what evidence, and how to let such a run go on."""
        super().__init__(trigger, evidence, how_to_allow, run_id)
        self.trigger = trigger
        self.evidence: Mapping[str, Any] = dict(evidence or {})
        self.run_id = run_id
        self.how_to_allow = how_to_allow or f"To let it go on, set the action of {trigger!r} to 'log'."

    def __str__(self) -> str:
        """One line: which run, why, and how to allow it."""
        run = f"Run {self.run_id}" if self.run_id else "The run"
        facts = ", ".join(f"{name}={value!r}" for name, value in self.evidence.items())
        return f"{run} was halted by the trigger {self.trigger!r}{f' ({facts})' if facts else ''}. {self.how_to_allow}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault of ours: where it was caught, how often, and the first traceback."""

    hook: str
    error_type: str
    count: int
    traceback: str


class Faults:
    """Counts what `guard` caught, and troubles from outside, and says each kind once."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        """Start with no faults; `say` takes the one line about a new kind (default: standard error)."""
        self._say = say
        self._by_kind: dict[tuple[str, str], tuple[int, str]] = {}
        self._troubles: dict[str, int] = {}
        self.clean: Callable[[str], str] | None = None
        """Takes secrets out of what is said: the message of an exception may quote the program's data."""
        # Re-entrant: a signal handler or a finaliser may note a fault while another is being noted.
        self._lock = RLock()

    def note(self, hook: str, error: BaseException) -> None:
        """Count `error` under `hook`; the first of its kind is said and keeps its traceback. Never raises."""
        kind = (hook, type(error).__qualname__)
        with self._lock:
            if kind not in self._by_kind and len(self._by_kind) >= MAX_FAULT_KINDS:
                kind = ("other", "other")
            count, traceback = self._by_kind.get(kind, (0, ""))
            self._by_kind[kind] = (count + 1, traceback or _format_traceback(error))
        if count == 0:
            what = self._clean(_describe(error)) or type(error).__qualname__
            self._say_safely(f"foretell: a fault of ours in {hook} was caught ({what}); your program goes on.")

    def warn(self, kind: str, text: str) -> None:
        """Count a trouble that is not our fault, such as a collector that is away; the first of its kind is said."""
        with self._lock:
            if kind not in self._troubles and len(self._troubles) >= MAX_FAULT_KINDS:
                kind = "other"
            count = self._troubles.get(kind, 0)
            self._troubles[kind] = count + 1
        if count == 0:
            self._say_safely(f"foretell: {_shorten(text, MAX_WARNING_CHARS)}")

    def tell(self, text: str) -> None:
        """Say what is no trouble but asks somebody to act, such as a run that waits for them. Each time, uncounted."""
        self._say_safely(f"foretell: {_shorten(self._clean(text), MAX_WARNING_CHARS)}")

    def troubles(self) -> dict[str, int]:
        """How often each kind of trouble came."""
        with self._lock:
            return dict(self._troubles)

    def counts(self) -> dict[str, int]:
        """Caught exceptions by hook."""
        sums: dict[str, int] = {}
        for fault in self.list_all():
            sums[fault.hook] = sums.get(fault.hook, 0) + fault.count
        return sums

    def list_all(self) -> tuple[Fault, ...]:
        """Every kind of fault in order of first appearance, for `foretell doctor`."""
        with self._lock:
            return tuple(Fault(hook, name, count, text) for (hook, name), (count, text) in self._by_kind.items())

    def clear(self) -> None:
        """Forget everything; each kind will be said again."""
        with self._lock:
            self._by_kind.clear()
            self._troubles.clear()

    def after_fork(self) -> None:
        """Start afresh in a forked child, whose copy of the lock may be held by a thread that is not there."""
        self._lock = RLock()
        self._by_kind = {}
        self._troubles = {}

    def _clean(self, text: str) -> str:
        try:
            return text if self.clean is None else self.clean(text)
        except Exception:
            return ""  # what cannot be redacted is not said

    def _say_safely(self, line: str) -> None:
        try:
            if self._say is not None:
                self._say(line)
            elif sys.stderr is not None:
                sys.stderr.write(f"{line}\n")
        except Exception:
            # A closed or full standard error is no reason to disturb the program; the count stands.
            return


FAULTS = Faults()
"""The registry of this process; `Faults` can be passed to `guard` instead."""


class guard:  # noqa: N801  # reads as a verb at each `with` and `@`
    """Keep an exception of ours from reaching the user's program: count it, say it once, go on.

    Stateless, so one instance may serve a hook for ever: `with GUARD:` or `@guard("hook")`. A guarded function
    gives None after a fault. KeyboardInterrupt, RunHalted and other BaseExceptions pass. Generators are not
    guarded by the decorator: use `with` inside them. In the hottest places write
    `except Exception as error: FAULTS.note("hook", error)`, which costs nothing while all is well.
    """

    __slots__ = ("_faults", "_hook")

    def __init__(self, hook: str, faults: Faults | None = None) -> None:
        """Guard the hook of that name; faults go to `faults`, or to the registry of the process."""
        self._hook = hook
        self._faults = faults

    def __enter__(self) -> None:
        """Nothing to do on entry."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """Swallow an Exception, pass everything else."""
        if isinstance(error, Exception):
            (self._faults or FAULTS).note(self._hook, error)
            return True
        return False

    @overload
    def __call__(self, func: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R | None]]: ...

    @overload
    def __call__(self, func: Callable[P, R]) -> Callable[P, R | None]: ...

    def __call__(self, func: Callable[P, Any]) -> Callable[P, Any]:
        """Guard a function or a coroutine function."""
        return self._around_coroutine(func) if iscoroutinefunction(func) else self._around_function(func)

    def _around_function(self, func: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(func)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return func(*args, **kwargs)
            except Exception as error:
                (self._faults or FAULTS).note(self._hook, error)
                return None

        return call

    def _around_coroutine(self, func: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(func)
        async def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            with self:
                return await func(*args, **kwargs)

        return call


def _describe(error: BaseException) -> str:
    """Type and message on one short line; an exception whose `str` fails is named by its type."""
    try:
        message = _shorten(str(error), MAX_SHOWN_CHARS)
    except Exception:
        message = ""
    return f"{type(error).__qualname__}: {message}" if message else type(error).__qualname__


def _shorten(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _format_traceback(error: BaseException) -> str:
    import traceback

    try:
        return "".join(traceback.format_exception(error))
    except Exception:
        return type(error).__qualname__
