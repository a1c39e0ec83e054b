"""Keeps the store from growing for ever: what is old goes, then the oldest while it is too large."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from foretell.store.search import CALLS, LOGS, drop_index, note_removed

if TYPE_CHECKING:
    from foretell.store.store import Store

DAY_NS = 86_400_000_000_000
_RUNS_PER_STEP = 50
# By size: few at a time, for a run may be large and no more is to go than must.
_LARGE_RUNS_PER_STEP = 5
_CALLS_PER_STEP = 500
_LOGS_PER_STEP = 2_000
_PAGES_PER_STEP = 512
_TRIM_TO = 0.9

_FOR_EVER_NS = 2**63 - 1

_ENDED = "NOT EXISTS (SELECT 1 FROM open_calls WHERE run = runs.key)"


class Retention:
    """Removes runs, and log lines of no run, by age and by size, a bounded step at a time.

    Runs with an open call stay, with their log lines.
    """

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
            has_removed = _remove_old(connection, cutoff_ns)
            if not has_removed and self._is_too_large(connection):
                has_removed = _remove_oldest(connection)
            if not has_removed:
                _remove_strays(connection, cutoff_ns)
            free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        if free:
            with self._store.autocommit() as connection:
                # Each page is one empty row, which `execute` and `fetchall` do not ask for; a script runs to its end.
                connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_PER_STEP})")
        return has_removed or free > _PAGES_PER_STEP

    def _is_too_large(self, connection: sqlite3.Connection) -> bool:
        size = used_bytes(connection)
        if size > self._limit_bytes and not self._is_trimming:
            # The search index is made again by whoever searches next; recordings are not.
            drop_index(connection)
            size = used_bytes(connection)
        self._is_trimming = size > self._limit_bytes * (_TRIM_TO if self._is_trimming else 1)
        return self._is_trimming


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _remove_old(connection: sqlite3.Connection, cutoff_ns: int) -> bool:
    sql = f"SELECT key, run_id FROM runs WHERE seen_ns < ? AND {_ENDED} ORDER BY key LIMIT {_RUNS_PER_STEP}"
    runs = connection.execute(sql, (cutoff_ns,)).fetchall()
    _remove(connection, runs)
    return bool(runs) or _remove_logs(connection, "run_id IS NULL AND time_ns < ?", cutoff_ns) > 0


def _remove_oldest(connection: sqlite3.Connection) -> bool:
    """Remove the log lines from before the oldest run that may go, or else that run and the next few."""
    sql = f"SELECT key, run_id, seen_ns FROM runs WHERE {_ENDED} ORDER BY key LIMIT {_LARGE_RUNS_PER_STEP}"
    runs = connection.execute(sql).fetchall()
    until_ns = runs[0][2] if runs else _FOR_EVER_NS
    if _remove_logs(connection, "run_id IS NULL AND time_ns < ?", until_ns):
        return True
    _remove(connection, [(key, run_id) for key, run_id, _ in runs])
    return bool(runs)


def _remove_logs(connection: sqlite3.Connection, where: str, value: int | str) -> int:
    """Remove as many log lines as one step may; tells how many. The condition finds them by an index."""
    sql = f"DELETE FROM logs WHERE key IN (SELECT key FROM logs WHERE {where} LIMIT {_LOGS_PER_STEP})"
    removed = connection.execute(sql, (value,)).rowcount
    note_removed(connection, LOGS, removed)
    return removed


def _remove(connection: sqlite3.Connection, runs: list[tuple[int, str]]) -> None:
    """Remove runs from the first on, until enough calls or log lines are gone for one step."""
    left, left_logs = _CALLS_PER_STEP, _LOGS_PER_STEP
    for key, run_id in runs:
        sql = "DELETE FROM calls WHERE key IN (SELECT key FROM calls WHERE run = ? LIMIT ?)"
        removed = connection.execute(sql, (key, left)).rowcount
        note_removed(connection, CALLS, removed)
        left -= removed
        left_logs -= _remove_logs(connection, "run_id = ?", run_id)
        if left <= 0 or left_logs <= 0:
            return
        blobs = connection.execute("SELECT sha256 FROM blob_uses WHERE run = ?", (key,)).fetchall()
        connection.execute("DELETE FROM blob_uses WHERE run = ?", (key,))
        for (sha256,) in blobs:
            sql = "DELETE FROM blobs WHERE sha256 = :sha AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE sha256 = :sha)"
            connection.execute(sql, {"sha": sha256})
        connection.execute("DELETE FROM findings WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM scores WHERE run_id = ?", (run_id,))
        connection.execute("DELETE FROM runs WHERE key = ?", (key,))


def _remove_strays(connection: sqlite3.Connection, cutoff_ns: int) -> None:
    """Remove what belongs to no run and is too old to matter."""
    connection.execute("DELETE FROM findings WHERE run_id IS NULL AND onset_ns < ?", (cutoff_ns,))
    connection.execute("DELETE FROM scores WHERE run_id IS NULL AND time_ns < ?", (cutoff_ns,))
    # Late lines of runs that are gone. What is old and still here is among the first; all of it need not be looked at.
    connection.execute(
        f"""DELETE FROM logs WHERE key IN (SELECT key FROM logs ORDER BY key LIMIT {_LOGS_PER_STEP})
        AND time_ns < ? AND run_id IS NOT NULL AND run_id NOT IN (SELECT run_id FROM runs)""",
        (cutoff_ns,),
    )
    connection.execute("DELETE FROM outbox WHERE created_ns < ?", (cutoff_ns,))
    connection.execute(
        "DELETE FROM processes WHERE heartbeat_ns < ? AND key NOT IN (SELECT process FROM open_calls)", (cutoff_ns,)
    )
