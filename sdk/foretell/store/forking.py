"""Lets parts of Foretell get ready for `os.fork()`: a child has their locks and files, but none of their threads."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from foretell.errors import FAULTS


class Forkable(Protocol):
    """Something that must come to rest before a fork: finish what is half done, let go of its connection."""

    def before_fork(self) -> None:
        """Come to rest; holds its locks until one of the next two."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Start afresh."""


_parts: list[weakref.ref[Forkable]] = []
_held: list[Forkable] = []
_registering = threading.Lock()
_forking = threading.RLock()
"""One fork at a time: two threads that fork at once would let go of each other's locks."""
_is_registered = False


def watch_forks(part: Forkable) -> None:
    """See to it that `part` is told of every fork for as long as it lives: before it the newest first."""
    global _is_registered  # hooks of a process cannot be taken back, so there is one set for all parts
    with _registering:
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
        _is_registered = True
        _parts[:] = [*(known for known in _parts if known() not in (None, part)), weakref.ref(part)]


def unwatch_forks(part: Forkable) -> None:
    """Tell `part` no more."""
    with _registering:
        _parts[:] = [known for known in _parts if known() not in (None, part)]


def _before() -> None:
    _forking.acquire()
    _held[:] = [part for part in (known() for known in _parts) if part is not None]
    for part in reversed(_held):
        _tell(part.before_fork)


def _in_parent() -> None:
    for part in _held:
        _tell(part.after_fork_in_parent)
    _held.clear()
    _forking.release()


def _in_child() -> None:
    global _forking, _registering
    _forking, _registering = threading.RLock(), threading.Lock()
    FAULTS.after_fork()
    for part in _held:
        _tell(part.after_fork_in_child)
    _held.clear()


def _tell(hook: Callable[[], None]) -> None:
    """Call it; a fault in one part must not keep the next from its locks."""
    try:
        hook()
    except Exception as error:
        FAULTS.note("fork", error)
