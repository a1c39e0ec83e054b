"""What happens when the process forks, exits or is told to end: everything that finished is kept, nothing else changes."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from foretell.errors import FAULTS

DRAIN_ON_SIGNAL_S = 5.0


class Lifecycle:
    """Hooks into the end and the doubling of a process; `undo` takes them all out again."""

    def __init__(self, drain: Callable[[float], Any], after_fork: Callable[[], None], flush_timeout_s: float) -> None:
        """`drain` writes and sends what has ended; `after_fork` renews everything in a child."""
        self._drain = drain
        self._after_fork = after_fork
        self._flush_timeout_s = flush_timeout_s
        self._is_on = False
        self._has_signal = False

    def begin(self) -> None:
        """Put the hooks in."""
        self._is_on = True
        atexit.register(self._at_exit)
        _FORK_HOOKS.append(self._in_child)
        _register_fork_hook()
        self._watch_multiprocessing()
        self._take_sigterm()

    def undo(self) -> None:
        """Take the hooks out; a signal handler that the program has set meanwhile stays."""
        self._is_on = False
        atexit.unregister(self._at_exit)
        if self._in_child in _FORK_HOOKS:
            _FORK_HOOKS.remove(self._in_child)
        if self._has_signal and signal.getsignal(signal.SIGTERM) == self._on_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._has_signal = False

    def _at_exit(self) -> None:
        if self._is_on:
            try:
                self._drain(self._flush_timeout_s)
            except Exception as error:
                FAULTS.note("exit", error)

    def _in_child(self) -> None:
        if self._is_on:
            try:
                FAULTS.after_fork()
                self._after_fork()
                self._watch_multiprocessing()
            except Exception as error:
                FAULTS.note("fork", error)

    def _watch_multiprocessing(self) -> None:
        """A forked worker of multiprocessing ends by `os._exit`, past `atexit`; its own finalizers still run."""
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self._at_exit, exitpriority=100)
            # Its bootstrap clears the finalizers it inherited, then calls these.
            util.register_after_fork(self, Lifecycle._finalize_in_child)

    def _finalize_in_child(self) -> None:
        util = sys.modules["multiprocessing.util"]
        util.Finalize(None, self._at_exit, exitpriority=100)

    def _take_sigterm(self) -> None:
        """Only the default action is replaced, and only where Python lets us: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_sigterm)
            self._has_signal = True

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        """Drain, then die by the signal, as if there had been no handler."""
        try:
            self._drain(min(DRAIN_ON_SIGNAL_S, self._flush_timeout_s))
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)


_FORK_HOOKS: list[Callable[[], None]] = []
_is_fork_hook_registered = False


def _register_fork_hook() -> None:
    """Python cannot take a fork hook out again, so there is one for ever, which asks a list."""
    global _is_fork_hook_registered
    if not _is_fork_hook_registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_in_child)
        _is_fork_hook_registered = True


def _after_in_child() -> None:
    for hook in list(_FORK_HOOKS):
        hook()
