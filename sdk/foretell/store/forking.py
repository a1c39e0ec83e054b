"""Keeps the store whole over `os.fork()`: SQLite connections must not be carried into a child."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that must let go of its connection before a fork."""

    def before_fork(self) -> None:
        """Let go; holds the lock until one of the next two."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Start afresh."""


_stores: weakref.WeakSet[Forkable] = weakref.WeakSet()
_held: list[Forkable] = []
_registering = threading.Lock()
_is_registered = False


def watch_forks(store: Forkable) -> None:
    """See to it that `store` is told of every fork for as long as it lives."""
    global _is_registered  # hooks of a process cannot be taken back, so there is one set for all stores
    with _registering:
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
        _is_registered = True
        _stores.add(store)


def _before() -> None:
    _held[:] = list(_stores)
    for store in _held:
        store.before_fork()


def _in_parent() -> None:
    for store in _held:
        store.after_fork_in_parent()
    _held.clear()


def _in_child() -> None:
    for store in _held:
        store.after_fork_in_child()
    _held.clear()
