"""Finds words in names, errors and content. Only readers pay: the index is made when somebody searches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.store.store import Store

_CALLS_PER_STEP = 500
_TABLE = """CREATE VIRTUAL TABLE IF NOT EXISTS call_words
    USING fts5(name, error, input, output, content='', columnsize=0)"""
_FILL = f"""INSERT INTO call_words (rowid, name, error, input, output)
    SELECT key, name, error_message, input, output FROM calls WHERE key > ? ORDER BY key LIMIT {_CALLS_PER_STEP}"""
_NEXT = f"SELECT max(key), count(*) FROM (SELECT key FROM calls WHERE key > ? ORDER BY key LIMIT {_CALLS_PER_STEP})"
_COLUMNS = ("name", "error_type", "error_message", "input", "output")


def has_index_support(connection: sqlite3.Connection) -> bool:
    """True when this SQLite was built with FTS5."""
    return any(row[0] == "ENABLE_FTS5" for row in connection.execute("PRAGMA compile_options"))


def update_index(store: Store, progress: Callable[[int, int], None] | None = None) -> bool:
    """Bring the index up to the newest call; False where this SQLite has none.

    `progress` gets how many calls are done and how many there are. Writers wait for one step at most.
    """
    with store.reading() as connection:
        if not has_index_support(connection):
            return False
        total = int(connection.execute("SELECT ifnull(max(key), 0) FROM calls").fetchone()[0])
        done = _mark(connection, "search_until")
    while done < total:
        done = _index_some(store)
        if progress is not None:
            progress(min(done, total), total)
    return True


def _index_some(store: Store) -> int:
    with store.transaction() as connection:
        connection.execute(_TABLE)
        # Read inside the transaction: another reader may be indexing too. Keys only grow and writers take turns,
        # so no call can appear below the mark later.
        done = _mark(connection, "search_until")
        until, count = connection.execute(_NEXT, (done,)).fetchone()
        if not count:
            return int(connection.execute("SELECT ifnull(max(key), 0) FROM calls").fetchone()[0])
        connection.execute(_FILL, (done,))
        _set_mark(connection, "search_until", until)
        _set_mark(connection, "search_count", _mark(connection, "search_count") + count)
        return int(until)


def text_condition(connection: sqlite3.Connection, text: str) -> tuple[str, list[Any]]:
    """An SQL condition on `runs.key` for runs with a call that holds every word of `text`.

    Words begin where the index looks; what is not indexed is looked through letter by letter.
    """
    words = text.split()
    until = _mark(connection, "search_until")
    has_index = until > 0 and has_index_support(connection)
    every = " AND ".join(f"({' OR '.join(f'{c} LIKE ? ESCAPE char(92)' for c in _COLUMNS)})" for _ in words) or "1"
    patterns = [pattern for word in words for pattern in [_pattern(word)] * len(_COLUMNS)]
    parts = [f"runs.key IN (SELECT run FROM calls WHERE key > ? AND {every})"]
    values: list[Any] = [until if has_index else 0, *patterns]
    query = " AND ".join('"' + word.replace('"', '""') + '"*' for word in words if any(map(str.isalnum, word)))
    if has_index and query:
        parts.append(
            "runs.key IN (SELECT run FROM calls WHERE key IN (SELECT rowid FROM call_words WHERE call_words MATCH ?))"
        )
        values.append(query)
    return f"({' OR '.join(parts)})", values


def note_removed(connection: sqlite3.Connection, count: int) -> None:
    """Calls were removed: when half of the index points to nothing, it is dropped and made anew by the next search."""
    indexed = _mark(connection, "search_count")
    if not indexed or not count:
        return
    removed = _mark(connection, "search_removed") + count
    if removed * 2 > indexed:
        drop_index(connection)
    else:
        _set_mark(connection, "search_removed", removed)


def drop_index(connection: sqlite3.Connection) -> None:
    """Remove the index; the next search makes it again."""
    if has_index_support(connection):
        connection.execute("DROP TABLE IF EXISTS call_words")
        connection.execute("DELETE FROM marks WHERE name LIKE 'search_%'")


def _pattern(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def _mark(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _set_mark(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))
