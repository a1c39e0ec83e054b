"""Letting paused runs go on: those of this process, and by the store those of others."""

from __future__ import annotations

from foretell.errors import FAULTS, StoreError


def resume(run_id: str) -> bool:
    """Let a paused run go on, in this process or in another one that records into the same store.

    False where no such run is paused. Another process takes the word within a second; `foretell resume RUN` does the
    same from a terminal. A run that was halted cannot be resumed.
    """
    import sqlite3

    from foretell import bootstrap
    from foretell.store.writing.pauses import ask_to_resume

    running = bootstrap.current()
    if running is None:
        return False
    if running.gates is not None and running.gates.resume(run_id):
        return True
    if running.store is None:
        return False
    try:
        return ask_to_resume(running.store, run_id)
    except (sqlite3.Error, StoreError) as error:
        FAULTS.warn("store.pauses", f"The run {run_id} cannot be resumed by the store ({error}).")
        return False
