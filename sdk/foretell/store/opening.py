"""Opening the store's file: what is checked before anything is touched, and how the tables are made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from foretell.errors import StoreError
from foretell.store.migrations import APPLICATION_ID, MIGRATIONS, VERSION

FILE_NAME = "store.db"
BUSY_TIMEOUT_S = 1.0
"""How long one statement waits for another process; 24 writers stay under 10 ms, so this is far away."""
OPEN_TIMEOUT_S = 10.0
PAGE_BYTES = 16_384
"""A call with 2 KB of contents fills more than half of a page of 4 KB: one a page, 40 % of the file empty. In pages of
16 KB writing it takes half as long; still larger ones gain nothing, and every commit of a single call pays for them."""
_RETRY_S = 0.02


def open_connection(directory: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the store under `directory`, made or upgraded where needed; raises `StoreError` and touches nothing else.

    The caller owns the connection; it is in autocommit mode and may be used from several threads, one at a time.
    """
    file = directory / FILE_NAME
    try:
        return _open_read_only(file) if read_only else _open_writable(file)
    except sqlite3.DatabaseError as error:
        raise StoreError(_explain(file, error)) from error
    except OSError as error:
        raise StoreError(
            f"The store {file} cannot be made: {error.strerror or error}.\n"
            "Give another directory with FORETELL_STORE, or free this one."
        ) from error


def _open_writable(file: Path) -> sqlite3.Connection:
    _make_directory(file.parent)
    connection = _connect(str(file.absolute()))
    try:
        if check_version(connection, file) < VERSION:
            upgrade(connection, file)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_size_limit=16777216")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_read_only(file: Path) -> sqlite3.Connection:
    if not file.exists():
        raise StoreError(f"There is no store at {file}.\nRecord something first: foretell run your_agent.py")
    uri = file.absolute().as_uri() + "?mode=ro"
    try:
        connection, version = _look_into(file, uri)
    except sqlite3.OperationalError:
        wal = file.with_name(f"{FILE_NAME}-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        # In a directory that cannot be written SQLite may not make its shared memory; a closed store needs none.
        connection, version = _look_into(file, uri + "&immutable=1")
    if version < VERSION:
        connection.close()
        raise StoreError(
            f"The store {file} has the older layout {version}, and read-only it cannot be upgraded to {VERSION}.\n"
            "Open it once from a place that may write it: foretell runs"
        )
    return connection


def _look_into(file: Path, uri: str) -> tuple[sqlite3.Connection, int]:
    connection = _connect(uri)
    try:
        return connection, check_version(connection, file)
    except BaseException:
        connection.close()
        raise


def _connect(target: str) -> sqlite3.Connection:
    return sqlite3.connect(
        target,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        uri=target.startswith("file:"),
    )


def check_version(connection: sqlite3.Connection, file: Path, newest: int = VERSION) -> int:
    """Tell the version of the layout, 0 for an empty file; raises `StoreError` for a file that is not ours or newer."""
    # In this order: another process may be making the tables meanwhile, and whoever sees them must see that they are ours.
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if owner != APPLICATION_ID and (owner or version or tables):
        raise StoreError(
            f"{file} is an SQLite database, but not one of Foretell's; nothing in it was touched.\n"
            "Give another directory with FORETELL_STORE."
        )
    if version > newest:
        raise StoreError(
            f"The store {file} was written by a newer Foretell (layout {version}, this one knows {newest}); "
            "nothing in it was touched.\nUpgrade with: pip install --upgrade foretell"
        )
    return version


def upgrade(connection: sqlite3.Connection, file: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Apply the migrations that are missing. Several processes may do so at once; each step is applied once."""
    deadline_s = time.monotonic() + OPEN_TIMEOUT_S
    while True:
        try:
            # These must precede the first table; SQLite does not wait for locks here, so losers of the race try again.
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            while check_version(connection, file, len(migrations)) < len(migrations):
                _apply_next(connection, file, migrations)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def _apply_next(connection: sqlite3.Connection, file: Path, migrations: Sequence[str]) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        # Asked again under the lock: another process may have been faster.
        version = check_version(connection, file, len(migrations))
        if version < len(migrations):
            for statement in migrations[version].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={version + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_directory(directory: Path) -> None:
    """Make it, and keep what will be in it out of git: recordings may hold prompts."""
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ".gitignore").write_text("*\n", encoding="utf-8")


def _explain(file: Path, error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return (
            f"The store {file} is damaged ({text}); nothing in it was touched.\n"
            f"Move it away and a new one is made: mv {file} {file}.damaged"
        )
    if "locked" in text:
        return f"The store {file} is locked by another process.\nSee who holds it: foretell doctor"
    return (
        f"The store {file} cannot be opened: {text}.\n"
        "Give a directory that can be written with FORETELL_STORE, or free this one."
    )
