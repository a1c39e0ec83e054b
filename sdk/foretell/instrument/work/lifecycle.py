"""What happens when the process forks, exits or is told to end: everything that finished is kept, nothing else changes."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from foretell.errors import FAULTS
from foretell.store.forking import unwatch_forks, watch_forks

if TYPE_CHECKING:
    from foretell.instrument.work.worker import Worker

LATER_S = 0.01
"""How soon a SIGTERM is looked at again that came in the middle of our own work."""


class Resting(Protocol):
    """A part with a thread that must not be in the middle of something at a fork."""

    def before_fork(self) -> None:
        """Come to rest."""

    def after_fork_in_parent(self) -> None:
        """Go on."""


class Lifecycle:
    """Hooks into the end and the doubling of a process; `undo` takes them all out again."""

    def __init__(
        self,
        worker: Worker,
        finish: Callable[[float], Any],
        after_fork: Callable[[], None],
        flush_timeout_s: float,
        *,
        at_forks: Sequence[Resting] = (),
    ) -> None:
        """`finish` writes and sends what has ended, for the last time; `after_fork` renews everything in a child.

        Before a fork the worker comes to rest, and then each of `at_forks`.
        """
        self._worker = worker
        self._resting = (worker, *at_forks)
        self._finish = finish
        self._after_fork = after_fork
        self._flush_timeout_s = flush_timeout_s
        self._is_on = False
        self._has_signal = False
        self._is_watching = self._is_finishing = self._is_finished = self._dies_after = False
        self._dies_at_s: float | None = None
        self._mask: set[signal.Signals | int] | None = None
        """What the forking thread blocks itself; None while it blocks nothing for us."""
        self._finalizer: Any = None  # multiprocessing.util.Finalize

    def begin(self) -> None:
        """Put the hooks in."""
        self._is_on = True
        atexit.register(self._at_exit)
        watch_forks(self)
        self._watch_multiprocessing()
        self._take_sigterm()

    def go_first(self) -> None:
        """Finish before whatever the program has registered by now: a provider of its own reads us out at its end."""
        if self._is_on:
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)

    def undo(self) -> None:
        """Take the hooks out; a signal handler that the program has set meanwhile stays."""
        self._is_on = False
        atexit.unregister(self._at_exit)
        unwatch_forks(self)
        if self._finalizer is not None:
            self._finalizer.cancel()
        if self._has_signal and signal.getsignal(signal.SIGTERM) == self._on_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._has_signal = False

    # -- the end -------------------------------------------------------------------------------------------------

    def _at_exit(self) -> None:
        if not self._is_on or self._is_finished:
            return
        self._is_finishing = self._is_finished = True
        try:
            self._finish(self._flush_timeout_s)
        except KeyboardInterrupt:
            return  # whoever presses Ctrl-C again does not want to wait for us
        except Exception as error:
            FAULTS.note("exit", error)
        finally:
            self._is_finishing = False
            _keep_interrupt()
            if self._dies_after:
                _die()

    def _take_sigterm(self) -> None:
        """Only the default action is replaced, and only where Python lets us: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_sigterm)
            self._has_signal = True

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        """Finish, then die by the signal, as if there had been no handler."""
        if self._is_finishing:
            self._dies_after = True
        elif not (self._worker.is_inside() and self._is_put_off()):
            try:
                self._at_exit()
            finally:
                _die()

    def _is_put_off(self) -> bool:
        """The signal came while this thread holds locks of ours: let it go on, and send the signal again soon."""
        now_s = time.monotonic()
        self._dies_at_s = self._dies_at_s or now_s + self._flush_timeout_s
        if now_s >= self._dies_at_s:
            return False
        again = threading.Timer(LATER_S, os.kill, (os.getpid(), signal.SIGTERM))
        again.daemon = True
        try:
            again.start()
        except RuntimeError:  # the interpreter is ending, and will be here once more
            self._dies_after = True
        return True

    # -- the doubling --------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Let the threads come to rest: a child would inherit what they hold, and nobody there would let go of it."""
        if self._has_signal:
            # Python forgets what comes between a fork and its own hooks: the child of a busy machine would live for ever.
            self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
        for part in self._resting:
            part.before_fork()

    def after_fork_in_parent(self) -> None:
        """Let the threads go on."""
        for part in self._resting:
            part.after_fork_in_parent()
        self._unblock()

    def after_fork_in_child(self) -> None:
        """Start afresh."""
        if self._is_on:
            self._dies_at_s = None
            self._is_finishing = self._is_finished = self._dies_after = False
            self._after_fork()
            self._watch_multiprocessing()
        self._unblock()

    def _unblock(self) -> None:
        """Let SIGTERM through again; one that waited is handled here."""
        mask, self._mask = self._mask, None
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _watch_multiprocessing(self) -> None:
        """A child of multiprocessing ends by `os._exit`, past `atexit`; its own finalizers still run."""
        util = sys.modules.get("multiprocessing.util")
        process = sys.modules.get("multiprocessing.process")
        if util is None or process is None:
            return  # imported later: then this is looked at again in the child
        if not self._is_watching:
            # The child's bootstrap clears the finalizers that it inherited, then calls these.
            util.register_after_fork(self, Lifecycle._finalize)
            self._is_watching = True
        if process.parent_process() is not None:
            self._finalize()

    def _finalize(self) -> None:
        if self._finalizer is not None:
            self._finalizer.cancel()
        if self._is_on:
            self._finalizer = sys.modules["multiprocessing.util"].Finalize(None, self._at_exit, exitpriority=100)


def _die() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _keep_interrupt() -> None:
    """After an unhandled Ctrl-C Python ends by SIGINT, but forgets that when an exit handler evaluates a string.

    Imports do (named tuples, dataclasses); so it is reminded, in the one way there is.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1"):
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 - a constant
        except KeyboardInterrupt:
            return
