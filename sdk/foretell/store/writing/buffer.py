"""What waits to be written, and what gives way when too much waits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from foretell.store.writing.batch import Batch

_BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class BufferLimits:
    """How much waits in memory while the store cannot be written; beyond it the oldest calls are dropped."""

    rows: int = 20_000
    size_bytes: int = 64 * 1024 * 1024


class Buffer:
    """Batches in order. Dropped calls still count in the sums of their runs."""

    def __init__(self, limits: BufferLimits) -> None:
        """Begin with nothing waiting."""
        self.dropped: dict[str, int] = {}
        self._limits = limits
        self._batches: deque[Batch] = deque()
        self._rows = self._bytes = 0

    def __bool__(self) -> bool:
        """True while something waits."""
        return bool(self._batches)

    def newest(self) -> Batch:
        """The batch to note into; hand it to `settle` afterwards."""
        if not self._batches or len(self._batches[-1]) >= _BATCH_ROWS:
            self._batches.append(Batch())
        return self._batches[-1]

    def settle(self, batch: Batch) -> None:
        """Count what was noted since, and drop the oldest calls while there are too many."""
        self._rows += len(batch) - batch.settled_rows
        self._bytes += batch.size_bytes - batch.settled_bytes
        batch.settled_rows, batch.settled_bytes = len(batch), batch.size_bytes
        if batch.unreadable:
            self.drop("unreadable", batch.unreadable)
            batch.unreadable = 0
        while self._is_over() and (self._drop_logs() or self._drop_oldest()):
            pass

    def _is_over(self) -> bool:
        return self._rows > self._limits.rows or self._bytes > self._limits.size_bytes

    def take_oldest(self) -> Batch:
        """Hand out the oldest batch; it still counts as waiting until `put_back` or `release`."""
        return self._batches.popleft()

    def put_back(self, batch: Batch) -> None:
        """It could not be written: it is the oldest again."""
        self._batches.appendleft(batch)

    def release(self, batch: Batch) -> None:
        """It is written, or given up."""
        self._rows -= batch.settled_rows
        self._bytes -= batch.settled_bytes

    def drop(self, reason: str, count: int) -> None:
        """Count calls or lines of logs that are lost."""
        self.dropped[reason] = self.dropped.get(reason, 0) + count

    def _drop_logs(self) -> bool:
        """Give up the oldest lines of logs: a chatty program does not lose its calls by them."""
        batch = next((batch for batch in self._batches if batch.logs), None)
        if batch is None:
            return False
        self.release(batch)
        self.drop("store_unavailable_logs", batch.drop_logs())
        batch.settled_rows, batch.settled_bytes = len(batch), batch.size_bytes
        self._rows += batch.settled_rows
        self._bytes += batch.settled_bytes
        return True

    def _drop_oldest(self) -> bool:
        oldest = self._batches[0]
        self.drop("store_unavailable", oldest.drop_rows())
        self.release(oldest)
        oldest.settled_rows, oldest.settled_bytes = len(oldest), oldest.size_bytes
        self._rows += oldest.settled_rows
        if len(self._batches) == 1:
            return False
        self._batches.popleft()
        self._batches[0].merge(oldest)
        self.release(oldest)
        self._rows += len(self._batches[0]) - self._batches[0].settled_rows
        self._batches[0].settled_rows = len(self._batches[0])
        return True
