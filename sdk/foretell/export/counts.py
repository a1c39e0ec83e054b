"""Tells how many items were started, ended, exported, dropped or cut short, and why: telemetry that admits its gaps."""

from __future__ import annotations

NAMES = ("started", "ended", "exported", "dropped", "truncated", "redacted", "errors")
"""What is counted. `redacted` is keyed by rule, `errors` (our own) by hook and type of exception."""


class Counts:
    """Cheap self-counts, shared by worker, store, exporters and doctor.

    Plain dictionaries without locks: each number is exact while one thread writes it. When two threads count the
    same thing at the same moment, one of them may be lost; that is the price of a hot path without locks.
    """

    __slots__ = ("_tables",)

    def __init__(self) -> None:
        """Begin at zero everywhere."""
        self._tables: dict[str, dict[tuple[str, str], int]] = {name: {} for name in NAMES}

    def count(self, name: str, signal: str, reason: str = "", n: int = 1) -> None:
        """Add `n` items of a signal (`calls`, `traces`, `metrics`, `logs`, `store` …) to one of `NAMES`.

        `reason` says why, where that can differ (`queue_full`, `payload`, `rejected` …).
        """
        table = self._tables[name]
        key = (signal, reason)
        table[key] = table.get(key, 0) + n

    def count_error(self, hook: str, error: BaseException | None = None) -> bool:
        """Add one failure of our own in `hook`; True when it is the first of its type there, so that it is said once."""
        table = self._tables["errors"]
        key = (hook, type(error).__name__ if error is not None else "")
        seen = table.get(key, 0)
        table[key] = seen + 1
        return seen == 0

    def total(self, name: str, signal: str | None = None) -> int:
        """Sum of one of `NAMES`, of one signal or of all."""
        rows = self._tables[name].copy().items()
        return sum(n for (of, _), n in rows if signal is None or of == signal)

    def snapshot(self) -> dict[str, dict[tuple[str, str], int]]:
        """A copy of every number: name → (signal, reason) → count; the caller owns it."""
        return {name: table.copy() for name, table in self._tables.items()}

    def reset(self) -> None:
        """Back to zero, in a forked child: the parent reports its own numbers."""
        for table in self._tables.values():
            table.clear()
