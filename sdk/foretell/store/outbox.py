"""Keeps what could not be exported yet, for a later try by this process or by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foretell.store.writing.statements import for_values

if TYPE_CHECKING:
    from foretell.store.store import Store

LEASE_NS = 60_000_000_000
"""How long what was taken is ours; whoever dies with it leaves it to the others after that."""


class Outbox:
    """Encoded telemetry waiting for its collector, oldest first, bounded in bytes."""

    def __init__(self, store: Store, limit_bytes: int, *, now_ns: Callable[[], int] | None = None) -> None:
        """Keep at most `limit_bytes` of bodies in `store`."""
        self._store = store
        self._limit_bytes = limit_bytes
        self._now_ns = now_ns or store.now_ns

    def put(self, signal: str, body: bytes) -> bool:
        """Keep `body`; False when it does not fit, and then it is the caller's to count. Raises `sqlite3.Error`."""
        with self._store.transaction() as connection:
            waiting = connection.execute("SELECT ifnull(sum(size_bytes), 0) FROM outbox").fetchone()[0]
            if waiting + len(body) > self._limit_bytes:
                return False
            connection.execute(
                "INSERT INTO outbox (signal, created_ns, size_bytes, body) VALUES (?, ?, ?, ?)",
                (signal, self._now_ns(), len(body), body),
            )
        return True

    def take(self, limit: int) -> list[tuple[int, str, bytes]]:
        """Claim up to `limit` bodies as (key, signal, body); end with `done`, or `give_back` after a failure.

        Nobody else is given them for a minute.
        """
        now_ns = self._now_ns()
        if not self._has_free(now_ns):
            return []
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT key, signal, body FROM outbox WHERE claimed_until_ns <= ? ORDER BY key LIMIT ?", (now_ns, limit)
            ).fetchall()
            sql = "UPDATE outbox SET claimed_until_ns = ? WHERE key IN ({})"
            list(for_values(connection, sql, [row[0] for row in rows], before=(now_ns + LEASE_NS,)))
        return rows

    def done(self, keys: Sequence[int]) -> None:
        """Forget what has arrived."""
        with self._store.transaction() as connection:
            list(for_values(connection, "DELETE FROM outbox WHERE key IN ({})", keys))

    def give_back(self, keys: Sequence[int]) -> None:
        """Leave what was taken to the next try, by whomever."""
        with self._store.transaction() as connection:
            list(for_values(connection, "UPDATE outbox SET claimed_until_ns = 0 WHERE key IN ({})", keys))

    @property
    def size_bytes(self) -> int:
        """Bytes of all bodies that wait, claimed ones included."""
        with self._store.reading() as connection:
            return int(connection.execute("SELECT ifnull(sum(size_bytes), 0) FROM outbox").fetchone()[0])

    def __len__(self) -> int:
        """How many bodies wait, claimed ones included."""
        with self._store.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def _has_free(self, now_ns: int) -> bool:
        """Look before locking: mostly there is nothing."""
        with self._store.reading() as connection:
            sql = "SELECT 1 FROM outbox WHERE claimed_until_ns <= ? LIMIT 1"
            return connection.execute(sql, (now_ns,)).fetchone() is not None
