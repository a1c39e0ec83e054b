"""Puts every call and log line into the store, in few statements and without ever holding up the program."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from foretell.errors import StoreError
from foretell.store.processes import beat, register_process, say_goodbye
from foretell.store.trouble import name_trouble
from foretell.store.writing.buffer import Buffer, BufferLimits
from foretell.store.writing.facts import encode_json
from foretell.store.writing.tables import clean_batch, finding_row, pack_blobs, put_batch, score_row

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord
    from foretell.store.retention import Retention
    from foretell.store.store import Store
    from foretell.store.writing.batch import Batch

_BATCHES_PER_WRITE = 4
_RETRY_NS = 1_000_000_000
_BEAT_OPEN_NS, _BEAT_IDLE_NS = 1_000_000_000, 5_000_000_000
_RETENTION_NS = 3_600_000_000_000
_MAX_PROBLEMS = 32
_DEFAULT_LIMITS = BufferLimits()

# Values that SQLite cannot hold: a lone surrogate, a number over 64 bits, a type it does not know, too long a text.
_UNFIT = (UnicodeError, OverflowError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)


class StoreSink:
    """The sink that writes to the embedded store.

    A store that is locked, full, read-only or deleted costs nothing but memory for a while: what waits is bounded,
    what is lost is counted in `dropped` (reason → calls or lines of logs), and each trouble stands in `problems` (message → times).
    `write` also carries the heartbeat and retention, so it is to be called about once a second even when idle.
    """

    name = "store"

    def __init__(
        self,
        store: Store,
        *,
        service_name: str,
        version: str = "",
        counts: Callable[[], Mapping[str, int]] | None = None,
        limits: BufferLimits = _DEFAULT_LIMITS,
        retention: Retention | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        on_trouble: Callable[[str, str], None] | None = None,
    ) -> None:
        """Write to `store` as `service_name`; `counts` gives the process's self-counts for each heartbeat.

        `on_trouble(kind, text)` hears each time that the store cannot be written.
        """
        self._on_trouble = on_trouble
        self._store = store
        self._service_name = service_name
        self._version = version
        self._counts = counts
        self._limits = limits
        self._retention = retention
        self._monotonic_s = monotonic_s
        self._process: int | None = None
        self._forget()

    @property
    def problems(self) -> Mapping[str, int]:
        """What went wrong, in words, and how often."""
        return self._problems

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many calls, and lines of logs, were lost, by reason."""
        return self._buffer.dropped

    def take_open(self, calls: Sequence[Call]) -> None:
        """Note calls that outlived a tick; a call that is noted already costs nothing."""
        batch = self._buffer.newest()
        batch.note_open(calls, self._service_name, self._open_ids)
        self._buffer.settle(batch)

    def take(self, calls: Sequence[Call]) -> None:
        """Note finished calls; the rows are made here, the I/O waits for `write`."""
        batch = self._buffer.newest()
        batch.note_calls(calls, self._service_name, self._open_ids)
        self._buffer.settle(batch)

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Note feedback."""
        self._buffer.newest().scores += [score_row(score) for score in scores]

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Note lines of logs."""
        batch = self._buffer.newest()
        batch.note_logs(records)
        self._buffer.settle(batch)

    def take_findings(self, findings: Sequence[Finding]) -> None:
        """Note findings; one with the same trigger, key and onset takes the place of the older."""
        self._buffer.newest().findings += [finding_row(finding) for finding in findings]

    def write(self) -> None:
        """Write what was noted, a few batches at most; say that we live; take a step of retention when it is time."""
        now_ns = self._store.now_ns()
        if now_ns < self._retry_ns:
            return
        for _ in range(_BATCHES_PER_WRITE):
            if not self._buffer or not self._write_next(now_ns):
                break
        else:
            return
        if not self._is_failing:
            self._beat_if_due(now_ns)
            self._retain_if_due(now_ns)

    def flush(self, timeout_s: float) -> bool:
        """Write everything noted so far; False when time ran out or the store cannot be written."""
        deadline_s = self._monotonic_s() + timeout_s
        while self._buffer:
            if self._write_next(self._store.now_ns()):
                continue
            if not self._is_locked or self._monotonic_s() >= deadline_s:
                return False
        return True

    def close(self) -> None:
        """Say goodbye. The store stays open: it belongs to whoever opened it."""
        if self._process is not None or self._has_trouble():
            self._contain(self._say_goodbye)
        self._process = None

    def save_counts(self) -> None:
        """Write the self-counts once more, with what has come to light since the goodbye: the collector, say."""
        if self._has_entered:
            self._contain(self._say_goodbye)
            self._process = None

    def after_fork(self) -> None:
        """Start afresh in a forked child: what the parent noted is the parent's."""
        self._forget()

    def _forget(self) -> None:
        self._buffer = Buffer(self._limits)
        self._problems: dict[str, int] = {}
        self._open_ids: dict[int, bool] = {}
        self._process = None
        self._is_failing = self._is_locked = self._has_entered = False
        self._retry_ns = self._beat_ns = self._retention_ns = 0

    def _write_next(self, now_ns: int) -> bool:
        # Taken off first: while this thread waits for SQLite, a caller may help by noting into the next one.
        batch = self._buffer.take_oldest()
        if not self._contain(lambda: self._write(batch, now_ns)):
            self._buffer.put_back(batch)
            return False
        self._buffer.release(batch)
        return True

    def _write(self, batch: Batch, now_ns: int) -> None:
        if batch.is_empty:
            return
        pack_blobs(batch)
        process = self._enter(now_ns)
        try:
            self._put(batch, process, now_ns)
        except _UNFIT:
            clean_batch(batch)
            try:
                self._put(batch, process, now_ns)
            except _UNFIT as error:
                self._buffer.drop("unfit", len(batch))
                self._note_problem(error)

    def _put(self, batch: Batch, process: int, now_ns: int) -> None:
        with self._store.transaction() as connection:
            put_batch(connection, batch, process, now_ns)
            if self._is_beat_due(now_ns):
                beat(connection, process, now_ns, self._counts_json())
                self._beat_ns = now_ns

    def _enter(self, now_ns: int) -> int:
        """The key of this process; entered anew where the store is new or was deleted under us."""
        if self._store.is_moved():
            self._note_problem(StoreError(f"The store {self._store.file} was deleted or replaced; a new one is used."))
            self._store.disconnect()
            self._process = None
            self._open_ids.clear()
        if self._process is None:
            with self._store.transaction() as connection:
                self._process = register_process(connection, self._service_name, now_ns, self._version)
            self._has_entered = True
            self._beat_ns = now_ns
        return self._process

    def _is_beat_due(self, now_ns: int) -> bool:
        return now_ns - self._beat_ns >= (_BEAT_OPEN_NS if self._open_ids else _BEAT_IDLE_NS)

    def _beat_if_due(self, now_ns: int) -> None:
        if self._is_beat_due(now_ns):
            self._contain(lambda: self._beat(now_ns))

    def _beat(self, now_ns: int) -> None:
        process = self._enter(now_ns)
        with self._store.transaction() as connection:
            beat(connection, process, now_ns, self._counts_json())
        self._beat_ns = now_ns

    def _say_goodbye(self) -> None:
        now_ns = self._store.now_ns()
        process = self._enter(now_ns)
        with self._store.transaction() as connection:
            say_goodbye(connection, process, now_ns, self._counts_json())

    def _retain_if_due(self, now_ns: int) -> None:
        retention = self._retention
        if retention is not None and now_ns >= self._retention_ns and self._process is not None:
            more: list[bool] = []
            if self._contain(lambda: more.append(retention.step(now_ns))) and not more[0]:
                self._retention_ns = now_ns + _RETENTION_NS

    def _has_trouble(self) -> bool:
        """Whether there is something to tell, although nothing was recorded: that may be why."""
        return any(name.startswith("trouble.") for name in (self._counts() if self._counts is not None else ()))

    def _counts_json(self) -> str | None:
        return None if self._counts is None else encode_json(dict(self._counts()))

    def _contain(self, action: Callable[[], None]) -> bool:
        """Do it, or note what is wrong with the store and when to try again."""
        try:
            action()
        except (sqlite3.Error, StoreError, OSError) as error:
            self._is_failing = True
            self._is_locked = "locked" in str(error)
            self._note_problem(error)
            if not self._is_locked:
                # A full disk or a deleted directory heals outside: look again with a new connection, not each tick.
                self._retry_ns = self._store.now_ns() + _RETRY_NS
                self._store.disconnect()
            return False
        self._is_failing = self._is_locked = False
        return True

    def _note_problem(self, error: Exception) -> None:
        message = str(error)
        if self._on_trouble is not None:
            waits = "what is recorded waits in memory, and the oldest of it is lost when that is full"
            told = f"The store {self._store.file} cannot be written ({message}); {waits}."
            self._on_trouble(name_trouble(error) or "store.failing", message if isinstance(error, StoreError) else told)
        if message in self._problems or len(self._problems) < _MAX_PROBLEMS:
            self._problems[message] = self._problems.get(message, 0) + 1
