"""The store itself: one connection, one lock, transactions, and the few values that belong to the file."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from foretell.errors import StoreError
from foretell.store.forking import watch_forks
from foretell.store.opening import FILE_NAME, open_connection

_FORK_WAIT_S = 30.0


class Store:
    """The recordings of one project. Safe to share between threads; every process opens its own."""

    def __init__(self, directory: Path, *, now_ns: Callable[[], int], read_only: bool = False) -> None:
        """Name a store without opening it; the first use does. `Store.open` is the usual way in."""
        self.directory = directory
        self.file = directory / FILE_NAME
        self.now_ns = now_ns
        self.is_read_only = read_only
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._is_closed = False
        self._is_held_for_fork = False

    @classmethod
    def open(cls, directory: Path, *, now_ns: Callable[[], int], read_only: bool = False) -> Store:
        """Open the store under `directory`, made or upgraded where needed; raises `StoreError`.

        A store that is damaged, newer than this Foretell, or somebody else's is refused and left untouched.
        """
        store = cls(directory, now_ns=now_ns, read_only=read_only)
        with store._lock:
            store._connected()
        if not read_only:
            watch_forks(store)
        return store

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: everything inside is kept, or on an exception nothing. Raises `sqlite3.Error`, `StoreError`."""
        with self._lock:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors (disk full).
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read: everything inside sees one state of the store. Raises `StoreError`."""
        with self._lock:
            connection = self._connected()
            connection.execute("BEGIN")
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                raise StoreError(
                    f"The store {self.file} cannot be read: {error}.\nCheck it with: foretell doctor"
                ) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def autocommit(self) -> Iterator[sqlite3.Connection]:
        """Run what may not stand in a transaction, such as vacuuming. Raises `sqlite3.Error`, `StoreError`."""
        with self._lock:
            yield self._connected()

    def identity_key(self) -> bytes:
        """The random key of this store's identity hashes: equal calls match here and mean nothing elsewhere."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM secrets WHERE name = 'identity'").fetchone()
        return bytes(row[0])

    def load_blob(self, sha256: str) -> bytes | None:
        """Fetch the whole of a shortened payload; None when it is not (any more) here."""
        with self.reading() as connection:
            row = connection.execute("SELECT bytes FROM blobs WHERE sha256 = ?", (bytes.fromhex(sha256),)).fetchone()
        return None if row is None else zlib.decompress(row[0])

    def is_moved(self) -> bool:
        """True when the file was deleted or replaced since it was opened: what is written now would be lost."""
        return self._inode is not None and self._inode != _inode_of(self.file)

    def disconnect(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._lock:
            connection, self._connection, self._inode = self._connection, None, None
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Let go of the file for good."""
        with self._lock:
            self._is_closed = True
            self.disconnect()

    def before_fork(self) -> None:
        """Let go of the file: a child that inherits a connection can damage it, even by closing it."""
        self._is_held_for_fork = self._lock.acquire(timeout=_FORK_WAIT_S)
        if self._is_held_for_fork:
            self.disconnect()

    def after_fork_in_parent(self) -> None:
        """Go on; the file is opened again at the next use."""
        if self._is_held_for_fork:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Start afresh with an own lock and, at the next use, an own connection."""
        self._lock = threading.RLock()
        if not self._is_held_for_fork:
            # The parent was in the middle of a write, whose locks we would inherit: better no store than a damaged one.
            self._is_closed = True

    def _connected(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StoreError(f"The store {self.file} was closed.\nOpen it again with foretell.init().")
        if self._connection is None:
            self._connection = open_connection(self.directory, read_only=self.is_read_only)
            self._inode = _inode_of(self.file)
        return self._connection


def _inode_of(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
