"""Names what can be wrong with the store, so that one trouble is said once, whoever meets it."""

from __future__ import annotations

import sqlite3

from foretell.errors import StoreError

_KINDS = (
    ("locked", "locked"),
    ("full", "full"),
    ("readonly", "read_only"),
    ("read-only", "read_only"),
    ("newer Foretell", "newer"),
    ("malformed", "damaged"),
    ("damaged", "damaged"),
    ("not a database", "damaged"),
    ("cannot be made", "directory"),
    ("unable to open", "directory"),
    ("deleted or replaced", "moved"),
    ("no such table", "moved"),
)


def name_trouble(error: BaseException) -> str | None:
    """`store.locked`, `store.full` …: what is wrong with the store; None for an error of another kind."""
    if not isinstance(error, (sqlite3.Error, StoreError)):
        return None
    message = str(error)
    return f"store.{next((kind for word, kind in _KINDS if word in message), 'failing')}"
