"""Finds words in names, errors, content and logs. Only readers pay: the index is made when somebody searches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.store.store import Store

_ROWS_PER_STEP = 500


@dataclass(frozen=True, slots=True)
class Index:
    """The words of one table, and how its rows lead to runs."""

    table: str
    words: str
    """Name of the index."""
    columns: tuple[str, ...]
    """Of the index, in the order of `indexed`."""
    indexed: tuple[str, ...]
    searched: tuple[str, ...]
    """Looked through where there is no index yet."""
    run: str
    run_named: str
    """The column of `runs` that `run` names."""
    mark: str
    """What the names of its marks begin with."""


CALLS = Index(
    "calls",
    "call_words",
    ("name", "error", "input", "output"),
    ("name", "error", "input", "output"),
    ("name", "error", "input", "output"),
    "run",
    "key",
    "search",
)
LOGS = Index(
    "logs", "log_words", ("body", "attributes"), ("body", "attributes"), ("body", "attributes"), "run_id", "run_id",
    "search_logs",
)  # fmt: skip
_INDEXES = (CALLS, LOGS)


def has_index_support(connection: sqlite3.Connection) -> bool:
    """True when this SQLite was built with FTS5."""
    return any(row[0] == "ENABLE_FTS5" for row in connection.execute("PRAGMA compile_options"))


def update_index(store: Store, progress: Callable[[int, int], None] | None = None) -> bool:
    """Bring the index up to the newest call and log line; False where this SQLite has none.

    `progress` gets how many rows are done and how many there are. Writers wait for one step at most.
    """
    with store.reading() as connection:
        if not has_index_support(connection):
            return False
        totals = {index: _newest(connection, index) for index in _INDEXES}
        reached = {index: _mark(connection, f"{index.mark}_until") for index in _INDEXES}
    for index in _INDEXES:
        while reached[index] < totals[index]:
            until = _index_some(store, index)
            reached[index] = totals[index] if until is None else min(until, totals[index])
            if progress is not None:
                progress(sum(reached.values()), sum(totals.values()))
    return True


def _index_some(store: Store, index: Index) -> int | None:
    """Index the next rows; tells the key of the last, or None where none is left."""
    columns, table = ", ".join(index.columns), index.table
    step = f"FROM {table} WHERE key > ? ORDER BY key LIMIT {_ROWS_PER_STEP}"
    with store.transaction() as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {index.words} USING fts5({columns}, content='', columnsize=0)"
        )
        # Read inside the transaction: another reader may be indexing too. Keys only grow and writers take turns,
        # so no row can appear below the mark later.
        done = _mark(connection, f"{index.mark}_until")
        until, count = connection.execute(f"SELECT max(key), count(*) FROM (SELECT key {step})", (done,)).fetchone()
        if not count:
            return None
        fill = f"INSERT INTO {index.words} (rowid, {columns}) SELECT key, {', '.join(index.indexed)} {step}"
        connection.execute(fill, (done,))
        _set_mark(connection, f"{index.mark}_until", until)
        _set_mark(connection, f"{index.mark}_count", _mark(connection, f"{index.mark}_count") + count)
        return int(until)


def text_condition(connection: sqlite3.Connection, text: str) -> tuple[str, list[Any]]:
    """An SQL condition on `runs` for those with a call or a log line that holds every word of `text`.

    Words begin where the index looks; what is not indexed is looked through letter by letter.
    """
    has_index = has_index_support(connection)
    parts: list[str] = []
    values: list[Any] = []
    for index in _INDEXES:
        until = _mark(connection, f"{index.mark}_until") if has_index else 0
        for part, more in _conditions(index, text.split(), until):
            parts.append(f"runs.{index.run_named} IN (SELECT {index.run} FROM {index.table} WHERE {part})")
            values += more
    return f"({' OR '.join(parts)})", values


def _conditions(index: Index, words: list[str], until: int) -> list[tuple[str, list[Any]]]:
    """Conditions on the rows that are not indexed yet, and on those up to `until` that are."""
    like = " OR ".join(f"{column} LIKE ? ESCAPE char(92)" for column in index.searched)
    every = " AND ".join(f"({like})" for _ in words) or "1"
    patterns = [pattern for word in words for pattern in [_pattern(word)] * len(index.searched)]
    found: list[tuple[str, list[Any]]] = [(f"key > ? AND {every}", [until, *patterns])]
    query = " AND ".join('"' + word.replace('"', '""') + '"*' for word in words if any(map(str.isalnum, word)))
    if until and query:
        found.append((f"key IN (SELECT rowid FROM {index.words} WHERE {index.words} MATCH ?)", [query]))
    return found


def note_removed(connection: sqlite3.Connection, index: Index, count: int) -> None:
    """Rows were removed: when half of an index points to nothing, all is dropped and made anew by the next search."""
    indexed = _mark(connection, f"{index.mark}_count")
    if not indexed or not count:
        return
    removed = _mark(connection, f"{index.mark}_removed") + count
    if removed * 2 > indexed:
        drop_index(connection)
    else:
        _set_mark(connection, f"{index.mark}_removed", removed)


def drop_index(connection: sqlite3.Connection) -> None:
    """Remove the index; the next search makes it again."""
    if has_index_support(connection):
        for index in _INDEXES:
            connection.execute(f"DROP TABLE IF EXISTS {index.words}")
        connection.execute("DELETE FROM marks WHERE name LIKE 'search_%'")


def _newest(connection: sqlite3.Connection, index: Index) -> int:
    return int(connection.execute(f"SELECT ifnull(max(key), 0) FROM {index.table}").fetchone()[0])


def _pattern(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def _mark(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _set_mark(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))
