"""Which runs are paused, so that another terminal can see them and let them go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.store.processes import list_processes, register_process

if TYPE_CHECKING:
    from foretell.store.store import Store


@dataclass(frozen=True, slots=True)
class Pause:
    """One paused run."""

    run_id: str
    trigger: str
    explanation: str
    since_ns: int
    until_ns: int
    """When it ends by itself."""


class PauseBook:
    """This process's paused runs in the store. One row each, gone as soon as the run goes on."""

    def __init__(self, store: Store, service_name: str) -> None:
        """Write into `store` as `service_name`; nothing is written before something is paused."""
        self._store = store
        self._service_name = service_name
        self._process: int | None = None
        self._known: set[str] = set()

    def sync(self, paused: Mapping[str, Pause]) -> list[str]:
        """Make the rows those of `paused`; returns the runs that somebody else wants to go on. Raises `sqlite3.Error`."""
        if paused.keys() != self._known:
            self._write(paused)
        if not paused:
            return []
        with self._store.reading() as connection:
            sql = "SELECT run_id FROM pauses WHERE process = ? AND resumed_ns IS NOT NULL"
            return [run_id for (run_id,) in connection.execute(sql, (self._process,))]

    def after_fork(self) -> None:
        """Start afresh: the rows are the parent's."""
        self._process = None
        self._known = set()

    def _write(self, paused: Mapping[str, Pause]) -> None:
        new = [paused[run_id] for run_id in paused.keys() - self._known]
        with self._store.transaction() as connection:
            self._process = register_process(connection, self._service_name, self._store.now_ns())
            for run_id in self._known - paused.keys():
                connection.execute("DELETE FROM pauses WHERE process = ? AND run_id = ?", (self._process, run_id))
            connection.executemany(
                "INSERT OR REPLACE INTO pauses (process, run_id, trigger, explanation, since_ns, until_ns) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [(self._process, one.run_id, one.trigger, one.explanation, one.since_ns, one.until_ns) for one in new],
            )
        self._known = set(paused)


def list_pauses(store: Store) -> list[Pause]:
    """The runs that are paused now, newest first; those of processes that died are forgotten. Raises `StoreError`."""
    with store.reading() as connection:
        dead = _find_dead(connection, store.now_ns())
    if dead and not store.is_read_only:
        with store.transaction() as connection:
            connection.executemany("DELETE FROM pauses WHERE process = ?", [(key,) for key in dead])
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT process, run_id, trigger, explanation, since_ns, until_ns FROM pauses ORDER BY since_ns DESC"
        ).fetchall()
    return [Pause(*row[1:]) for row in rows if row[0] not in dead]


def ask_to_resume(store: Store, run_id: str) -> bool:
    """Ask whoever has paused a run to let it go on; False where nobody has. Raises `sqlite3.Error`, `StoreError`."""
    with store.transaction() as connection:
        dead = _find_dead(connection, store.now_ns())
        connection.executemany("DELETE FROM pauses WHERE process = ?", [(key,) for key in dead])
        asked = connection.execute("UPDATE pauses SET resumed_ns = ? WHERE run_id = ?", (store.now_ns(), run_id))
        return asked.rowcount > 0


def _find_dead(connection: sqlite3.Connection, now_ns: int) -> list[int]:
    processes = list_processes(connection, "key IN (SELECT process FROM pauses)")
    return [process.key for process in processes if not process.is_alive(now_ns)]
