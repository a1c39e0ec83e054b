"""What was noted and not yet written: rows, and what they add to their runs' lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foretell.model.kinds import EMBEDDINGS, ERROR, LLM, OK, SPAN, THROTTLED, TIMEOUT
from foretell.model.payload import Payload
from foretell.store.writing.columns import (
    CONTENTS_TAIL,
    FACTS_MISSING,
    FACTS_OF_CALL,
    FACTS_OF_OPEN_ROOT,
    FACTS_OF_ROOT,
    NO_TAIL,
    ROW_COLUMNS,
    WHOLE_TAIL,
)
from foretell.store.writing.facts import session_part
from foretell.store.writing.rows import as_blob, call_row, log_row, open_row, signed

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.log import LogRecord

ROW_BYTES = 400
"""What a row without texts takes in memory, roughly; for the bound of the buffer."""

_FAILED = (ERROR, TIMEOUT, THROTTLED)

# Places in a run's line (RUN_COLUMNS).
_ROOT, _START = 1, 8
_CALLS, _ERRORS, _INPUT, _OUTPUT, _COST, _UNPRICED = 12, 13, 14, 15, 16, 17


class Batch:
    """Rows that go into one transaction. Noting costs CPU only."""

    __slots__ = (
        "blob_uses",
        "blobs",
        "closed",
        "findings",
        "log_bytes",
        "logs",
        "opened",
        "runs",
        "scores",
        "settled_bytes",
        "settled_rows",
        "size_bytes",
        "unreadable",
        "values",
        "width",
    )

    def __init__(self) -> None:
        """Begin with nothing."""
        self.values: list[Any] = []
        """Rows of finished calls, one behind the other: as tuples the garbage collector would look through them."""
        self.width = NO_TAIL
        """How many of ROW_COLUMNS some row has a value in."""
        self.opened: dict[int, tuple[str, tuple[Any, ...]]] = {}
        self.closed: list[int] = []
        self.runs: dict[str, list[Any]] = {}
        self.blobs: dict[str, tuple[int | None, bytes]] = {}
        """sha256 → size and compressed bytes; the size is None until they are compressed."""
        self.blob_uses: list[tuple[str, str]] = []
        self.scores: list[tuple[Any, ...]] = []
        self.findings: list[tuple[Any, ...]] = []
        self.logs: list[tuple[Any, ...]] = []
        self.size_bytes = self.log_bytes = 0
        """`log_bytes` is the part of it that the lines of logs take."""
        self.unreadable = 0
        self.settled_rows = self.settled_bytes = 0

    def __len__(self) -> int:
        """How many calls and lines of logs it holds."""
        return len(self.values) // len(ROW_COLUMNS) + len(self.opened) + len(self.logs)

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to write."""
        held = (self.values, self.opened, self.runs, self.closed, self.scores, self.findings, self.logs)
        return not any(held)

    def note_calls(  # noqa: C901  # one pass over the batch: a second one costs more than the branch
        self, calls: Sequence[Call], service_name: str, open_ids: dict[int, bool]
    ) -> None:
        """Add finished calls; those in `open_ids` are taken out of it and of the open calls."""
        values, runs = self.values, self.runs
        trace_id, trace, session, session_text = -1, bytearray(), None, ""
        newest: dict[str, tuple[Call, bytearray]] = {}
        size = ROW_BYTES * len(calls)
        for call in calls:
            if not call.run_id:  # a span that is no agent's work: exported for the application, no part of any run
                continue
            if call.trace_id != trace_id:
                trace_id = call.trace_id
                trace = as_blob(trace_id)
            run_id = call.run_id
            try:
                if call.session is not session:
                    session = call.session
                    session_text = session_part(session)
                values += call_row(call, trace, session_text)
            except (TypeError, ValueError, RecursionError, AttributeError):
                # One call with facts that JSON cannot hold must not cost the others.
                self.unreadable += 1
                continue
            line = runs.get(run_id)
            if line is None:
                line = runs[run_id] = _new_line(call)
            _add_call(line, call)
            if line[_ROOT] != FACTS_OF_ROOT:
                newest[run_id] = call, trace
                if call.agent is None and run_id == f"{call.id:016x}":
                    _take_root(line, call, trace, service_name, FACTS_OF_ROOT)
            if open_ids and call.id in open_ids:
                self._close(call.id, open_ids)
            if call.kept_input is not None or call.kept_output is not None:
                size += self._note_contents(call)
            if call.error is not None:
                self.width = WHOLE_TAIL
        for run_id, (call, trace) in newest.items():
            # Until the root is seen, the facts of the call that ended last stand in.
            if runs[run_id][_ROOT] <= FACTS_OF_CALL:
                _take_root(runs[run_id], call, trace, service_name, FACTS_OF_CALL)
        self.size_bytes += size

    def _close(self, id: int, open_ids: dict[int, bool]) -> None:
        del open_ids[id]
        if self.opened.pop(id, None) is None:
            self.closed.append(signed(id))

    def note_open(self, calls: Sequence[Call], service_name: str, open_ids: dict[int, bool]) -> None:
        """Add calls that are open, or have ended and wait, where that is not yet known; `open_ids`: id → has ended."""
        for call in calls:
            if not call.run_id:  # as above
                continue
            has_ended = call.end_ns is not None
            if open_ids.get(call.id) in (True, has_ended):
                continue
            open_ids[call.id] = has_ended
            trace = as_blob(call.trace_id)
            self.opened[call.id] = (call.run_id, open_row(call, trace, session_part(call.session)))
            line = self.runs.get(call.run_id)
            if line is None:
                line = self.runs[call.run_id] = _new_line(call)
            if call.run_id == f"{call.id:016x}":
                _take_root(line, call, trace, service_name, FACTS_OF_OPEN_ROOT)
            self.size_bytes += ROW_BYTES

    def note_logs(self, records: Sequence[LogRecord]) -> None:
        """Add lines of logs."""
        size = 0
        for record in records:
            try:
                row = log_row(record)
            except (TypeError, ValueError, RecursionError, AttributeError):
                self.unreadable += 1
                continue
            self.logs.append(row)
            size += ROW_BYTES + len(row[-2]) + len(row[-1] or "")
        self.log_bytes += size
        self.size_bytes += size

    def drop_logs(self) -> int:
        """Forget the lines of logs; tells how many were forgotten."""
        count = len(self.logs)
        self.logs = []
        self.size_bytes -= self.log_bytes
        self.log_bytes = 0
        return count

    def drop_rows(self) -> int:
        """Forget the calls but not the sums of their runs; tells how many were forgotten. The logs went before."""
        count = len(self.values) // len(ROW_COLUMNS)
        self.values, self.blobs, self.blob_uses, self.size_bytes = [], {}, [], 0
        return count

    def merge(self, older: Batch) -> None:
        """Take over the sums and endings of an older batch whose calls were dropped."""
        for run_id, line in older.runs.items():
            mine = self.runs.get(run_id)
            self.runs[run_id] = line if mine is None else _joined(line, mine)
        self.opened = {**older.opened, **self.opened}
        self.closed = older.closed + self.closed
        self.scores = older.scores + self.scores
        self.findings = older.findings + self.findings

    def _note_contents(self, call: Call) -> int:
        """Keep what is too large for a row; tells the size of all."""
        if self.width < CONTENTS_TAIL:  # noqa: PLR1730 - a call of max() costs three times as much
            self.width = CONTENTS_TAIL
        size = 0
        for kept in (call.kept_input, call.kept_output):
            if type(kept) is bytes:
                size += len(kept)
            elif isinstance(kept, Payload):
                size += len(kept.text)
                if kept.blob is not None and kept.blob_sha256 is not None:
                    self.blobs.setdefault(kept.blob_sha256, (None, kept.blob))
                    self.blob_uses.append((call.run_id, kept.blob_sha256))
                    size += len(kept.blob)
        return size


def _new_line(call: Call) -> list[Any]:
    return [
        call.run_id, FACTS_MISSING, None, None, None, None, None, None, call.start_ns, None, "open", None, 0, 0, 0, 0, None, 0, 0
    ]  # fmt: skip


def _add_call(line: list[Any], call: Call) -> None:
    kind = call.kind
    if kind is not SPAN:
        line[_CALLS] += 1
        if call.outcome in _FAILED:
            line[_ERRORS] += 1
    if kind is LLM or kind is EMBEDDINGS:
        _add_inference(line, call)
    if call.start_ns < line[_START]:  # noqa: PLR1730 - a call of min() costs three times as much
        line[_START] = call.start_ns


def _add_inference(line: list[Any], call: Call) -> None:
    usage, cost = call.usage, call.cost
    if usage is not None:
        line[_INPUT] += usage.uncached_input + usage.cache_read + usage.cache_write
        line[_OUTPUT] += usage.output + usage.reasoning
    if cost is not None:
        line[_COST] = cost.amount_usd if line[_COST] is None else line[_COST] + cost.amount_usd
    elif usage is not None or call.outcome is OK:
        # An inference that failed before it used anything has no price and needs none.
        line[_UNPRICED] += 1


def _take_root(line: list[Any], call: Call, trace: bytearray, service_name: str, root: int) -> None:
    """The run's facts are its root's, of a finished one before those of an open one."""
    session = call.session
    line[1:12] = (
        root,
        call.name,
        call.agent_name,
        service_name,
        trace,
        None if session is None else session.id,
        None if session is None else session.user_id,
        min(call.start_ns, line[_START]),
        None if root == FACTS_OF_OPEN_ROOT else call.end_ns,
        "open" if root == FACTS_OF_OPEN_ROOT else call.outcome._value_,
        None if root == FACTS_OF_OPEN_ROOT or call.error is None else call.error.message or call.error.type,
    )


def _joined(older: list[Any], newer: list[Any]) -> list[Any]:
    facts = newer if newer[_ROOT] >= older[_ROOT] else older
    line = list(facts)
    line[_START] = min(older[_START], newer[_START])
    for place in (_CALLS, _ERRORS, _INPUT, _OUTPUT, _UNPRICED):
        line[place] = older[place] + newer[place]
    costs = [cost for cost in (older[_COST], newer[_COST]) if cost is not None]
    line[_COST] = sum(costs) if costs else None
    return line
