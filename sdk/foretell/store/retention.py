"""Keeps the store from growing for ever: old runs go, then the oldest while it is too large."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from foretell.store.search import drop_index, note_removed

if TYPE_CHECKING:
    from foretell.store.store import Store

DAY_NS = 86_400_000_000_000
_RUNS_PER_STEP = 50
# By size: few at a time, for a run may be large and no more is to go than must.
_LARGE_RUNS_PER_STEP = 5
_CALLS_PER_STEP = 500
_PAGES_PER_STEP = 512
_TRIM_TO = 0.9

_ENDED = "NOT EXISTS (SELECT 1 FROM open_calls WHERE run = runs.key)"


class Retention:
    """Removes runs by age and by size, a bounded step at a time. Runs with an open call stay."""

    def __init__(self, store: Store, *, max_age_ns: int = 30 * DAY_NS, limit_bytes: int = 1_000_000_000) -> None:
        """Keep what was written in the last `max_age_ns`, and of that the newest `limit_bytes`."""
        self._store = store
        self._max_age_ns = max_age_ns
        self._limit_bytes = limit_bytes
        self._is_trimming = False

    def step(self, now_ns: int) -> bool:
        """Remove a little; True while there is more to do. Raises `sqlite3.Error`."""
        cutoff_ns = now_ns - self._max_age_ns
        with self._store.transaction() as connection:
            victims = _old_runs(connection, cutoff_ns) or self._oldest_runs(connection)
            _remove(connection, victims)
            if not victims:
                _remove_strays(connection, cutoff_ns)
            free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        if free:
            with self._store.autocommit() as connection:
                # Each page is one empty row, which `execute` and `fetchall` do not ask for; a script runs to its end.
                connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_PER_STEP})")
        return bool(victims) or free > _PAGES_PER_STEP

    def _oldest_runs(self, connection: sqlite3.Connection) -> list[tuple[int, str]]:
        size = used_bytes(connection)
        if size > self._limit_bytes and not self._is_trimming:
            # The search index is made again by whoever searches next; recordings are not.
            drop_index(connection)
            size = used_bytes(connection)
        self._is_trimming = size > self._limit_bytes * (_TRIM_TO if self._is_trimming else 1)
        if not self._is_trimming:
            return []
        sql = f"SELECT key, run_id FROM runs WHERE {_ENDED} ORDER BY key LIMIT {_LARGE_RUNS_PER_STEP}"
        return connection.execute(sql).fetchall()


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _old_runs(connection: sqlite3.Connection, cutoff_ns: int) -> list[tuple[int, str]]:
    sql = f"SELECT key, run_id FROM runs WHERE seen_ns < ? AND {_ENDED} ORDER BY key LIMIT {_RUNS_PER_STEP}"
    return connection.execute(sql, (cutoff_ns,)).fetchall()


def _remove(connection: sqlite3.Connection, runs: list[tuple[int, str]]) -> None:
    """Remove runs from the first on, until enough calls are gone for one step."""
    left = _CALLS_PER_STEP
    for key, run_id in runs:
        sql = "DELETE FROM calls WHERE key IN (SELECT key FROM calls WHERE run = ? LIMIT ?)"
        removed = connection.execute(sql, (key, left)).rowcount
        note_removed(connection, removed)
        left -= removed
        if left <= 0:
            return
        blobs = connection.execute("SELECT sha256 FROM blob_uses WHERE run = ?", (key,)).fetchall()
        connection.execute("DELETE FROM blob_uses WHERE run = ?", (key,))
        for (sha256,) in blobs:
            sql = "DELETE FROM blobs WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE sha256 = ?1)"
            connection.execute(sql, (sha256,))
        connection.execute("DELETE FROM findings WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM scores WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM runs WHERE key = ?", (key,))


def _remove_strays(connection: sqlite3.Connection, cutoff_ns: int) -> None:
    """Remove what belongs to no run and is too old to matter."""
    connection.execute("DELETE FROM findings WHERE run_id IS NULL AND onset_ns < ?", (cutoff_ns,))
    connection.execute("DELETE FROM scores WHERE run_id IS NULL AND time_ns < ?", (cutoff_ns,))
    connection.execute("DELETE FROM outbox WHERE created_ns < ?", (cutoff_ns,))
    connection.execute(
        "DELETE FROM processes WHERE heartbeat_ns < ? AND key NOT IN (SELECT process FROM open_calls)", (cutoff_ns,)
    )
