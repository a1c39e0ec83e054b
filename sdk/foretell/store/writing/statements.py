"""Statements for many rows at once.

sqlite3 lets go of the GIL at each statement and a busy caller wins it back for 5 ms, so one statement carries many
rows. Their number is taken from a few fixed sizes, so that SQLite's prepared statements are used again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

_SIZES = (256, 64, 16, 4, 1)
# SQLite before 3.32 takes 999 variables in one statement, later ones 32,766.
_VARIABLE_LIMIT = 32_766 if sqlite3.sqlite_version_info >= (3, 32) else 999

Row = Sequence[Any]  # what SQLite binds: int, float, str, bytes, None


def insert_rows(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row], suffix: str = ""
) -> None:
    """Insert all rows in order; `suffix` is an upsert clause, or the word `IGNORE` for rows that may be there."""
    for part, sql in _parts(table, columns, rows, suffix):
        connection.execute(sql, list(chain.from_iterable(part)))


def insert_flat(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], second: str, values: list[Any]
) -> None:
    """Insert rows that stand one behind the other in `values`, in order.

    The second column is not among them: its SQL is the same in all.
    """
    width = len(columns) - 1
    start, end = 0, len(values)
    while start < end:
        size = _size_for((end - start) // width, width)
        connection.execute(_insert_sql(table, columns, size, "", second), values[start : start + size * width])
        start += size * width


def _parts(
    table: str, columns: tuple[str, ...], rows: Sequence[Row], suffix: str
) -> Iterator[tuple[Sequence[Row], str]]:
    start, count = 0, len(rows)
    while start < count:
        size = _size_for(count - start, len(columns))
        yield rows[start : start + size], _insert_sql(table, columns, size, suffix)
        start += size


@lru_cache(maxsize=64)
def _size_for(count: int, width: int) -> int:
    return next((size for size in _SIZES if size <= count and size * width <= _VARIABLE_LIMIT), 1)


@lru_cache(maxsize=64)
def _insert_sql(table: str, columns: tuple[str, ...], size: int, suffix: str, second: str = "?") -> str:
    row = f"({','.join(['?', second, *'?' * len(columns)][: len(columns)])})"
    verb, tail = ("INSERT OR IGNORE", "") if suffix == "IGNORE" else ("INSERT", suffix)
    return f"{verb} INTO {table} ({','.join(columns)}) VALUES {','.join([row] * size)} {tail}"


def for_values(
    connection: sqlite3.Connection, sql: str, values: Iterable[Any], before: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """Run `sql`, which holds `{}` where `IN (…)` takes its list, over all values; yield the rows it gives.

    Lists are filled up with their last value to one of the fixed sizes.
    """
    rest = list(values)
    while rest:
        part, rest = rest[:256], rest[256:]
        size = next(size for size in reversed(_SIZES) if size >= len(part))
        part += part[-1:] * (size - len(part))
        yield from connection.execute(sql.format(",".join("?" * size)), [*before, *part]).fetchall()
