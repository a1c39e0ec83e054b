"""Writes one batch into the tables."""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING, Any

from foretell.store.writing.columns import LOG_COLUMNS, OPEN_COLUMNS, ROW_COLUMNS, RUN_COLUMNS
from foretell.store.writing.facts import encode_json
from foretell.store.writing.rows import signed
from foretell.store.writing.statements import for_values, insert_flat, insert_rows

if TYPE_CHECKING:
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.store.writing.batch import Batch

_INT64 = 1 << 63
_SEEN = len(RUN_COLUMNS) - 1

# Calls of one run may come from several processes in any order: facts are those of the highest `root`, sums add up.
_NEWER = "(excluded.root > root OR (excluded.root = root AND ifnull(excluded.end_ns, 0) >= ifnull(end_ns, 0)))"
_FACTS = ("name", "service_name", "trace_id", "end_ns", "outcome", "error_message")
_KEPT = ("agent_name", "session_id", "user_id")
_SUMS = ("calls", "errors", "input_tokens", "output_tokens", "unpriced")
_MERGE_RUN = "ON CONFLICT (run_id) DO UPDATE SET " + ", ".join(
    [
        "root = max(root, excluded.root)",
        "start_ns = min(start_ns, excluded.start_ns)",
        "seen_ns = max(seen_ns, excluded.seen_ns)",
        "cost_usd = CASE WHEN excluded.cost_usd IS NULL THEN cost_usd ELSE ifnull(cost_usd, 0) + excluded.cost_usd END",
        *(f"{name} = CASE WHEN {_NEWER} THEN excluded.{name} ELSE {name} END" for name in _FACTS),
        *(
            f"{name} = CASE WHEN {_NEWER} THEN ifnull(excluded.{name}, {name}) ELSE ifnull({name}, excluded.{name}) END"
            for name in _KEPT
        ),
        *(f"{name} = {name} + excluded.{name}" for name in _SUMS),
    ]
)

_MERGE_OPEN = "ON CONFLICT (process, id) DO UPDATE SET outcome = excluded.outcome, end_ns = excluded.end_ns"
_BLOB_COLUMNS = ("sha256", "size_bytes", "bytes")
_BLOB_USE_COLUMNS = ("sha256", "run")
_SCORE_COLUMNS = ("run_id", "time_ns", "name", "value", "label", "comment", "span_id")
_FINDING_COLUMNS = (
    "trigger", "subject", "onset_ns", "end_ns", "run_id", "severity", "verdict", "confidence", "span_id", "agent_name",
    "explanation", "advice", "evidence",
)  # fmt: skip
_MERGE_FINDING = "ON CONFLICT (trigger, subject, onset_ns) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _FINDING_COLUMNS[3:]
)


def put_batch(connection: sqlite3.Connection, batch: Batch, process: int | None, now_ns: int) -> None:
    """Write all of a batch; call it inside a transaction. Its blobs must be packed."""
    keys = put_runs(connection, list(batch.runs.values()), now_ns)
    if batch.opened:
        opened = [(keys[run_id], process, *row) for run_id, row in batch.opened.values()]
        insert_rows(connection, "open_calls", OPEN_COLUMNS, opened, _MERGE_OPEN)
    if batch.values:
        _put_calls(connection, batch, process, keys)
    if batch.closed:
        sql = "DELETE FROM open_calls WHERE process = ? AND id IN ({})"
        list(for_values(connection, sql, batch.closed, before=(process,)))
    _put_blobs(connection, batch, keys)
    insert_rows(connection, "logs", LOG_COLUMNS, batch.logs)
    insert_rows(connection, "scores", _SCORE_COLUMNS, batch.scores)
    insert_rows(connection, "findings", _FINDING_COLUMNS, batch.findings, _MERGE_FINDING)


def _put_calls(connection: sqlite3.Connection, batch: Batch, process: int | None, keys: dict[str, int]) -> None:
    values = batch.values.copy()  # the batch may have to be written once more
    width = len(ROW_COLUMNS)
    values[::width] = [keys[run_id] for run_id in values[::width]]
    while width > batch.width:
        del values[width - 1 :: width]
        width -= 1
    columns = ("run", "process", *ROW_COLUMNS[1:width])
    insert_flat(connection, "calls", columns, "NULL" if process is None else str(process), values)


def put_runs(connection: sqlite3.Connection, lines: list[list[Any]], now_ns: int) -> dict[str, int]:
    """Add lines to their runs, made where they are new; gives run id → key."""
    for line in lines:
        line[_SEEN] = now_ns
    insert_rows(connection, "runs", RUN_COLUMNS, lines, _MERGE_RUN)
    # The keys are asked for each time: another process's retention may have removed a run that we wrote before.
    return dict(
        for_values(connection, "SELECT run_id, key FROM runs WHERE run_id IN ({})", [line[0] for line in lines])
    )


def pack_blobs(batch: Batch) -> None:
    """Compress the batch's blobs, before the store is locked. zlib lets go of the GIL for texts of this size."""
    for sha256, (size, body) in batch.blobs.items():
        if size is None:
            batch.blobs[sha256] = (len(body), zlib.compress(body, 1))


def _put_blobs(connection: sqlite3.Connection, batch: Batch, keys: dict[str, int]) -> None:
    for sha256, (size, body) in batch.blobs.items():
        insert_rows(connection, "blobs", _BLOB_COLUMNS, [(bytes.fromhex(sha256), size, body)], "IGNORE")
    uses = [(bytes.fromhex(sha256), keys[run_id]) for run_id, sha256 in batch.blob_uses]
    insert_rows(connection, "blob_uses", _BLOB_USE_COLUMNS, uses, "IGNORE")


def score_row(score: Score) -> tuple[Any, ...]:
    """Columns of feedback."""
    span_id = None if score.span_id is None else signed(score.span_id)
    return (score.run_id, score.time_ns, score.name, score.value, score.label, score.comment, span_id)


def finding_row(finding: Finding) -> tuple[Any, ...]:
    """Columns of a finding."""
    return (
        finding.trigger,
        finding.key,
        finding.onset_ns,
        finding.end_ns,
        finding.run_id,
        finding.severity.value,
        finding.verdict.value,
        finding.confidence,
        None if finding.span_id is None else signed(finding.span_id),
        finding.agent_name,
        finding.explanation,
        finding.advice,
        encode_json(finding.evidence),
    )


def clean_batch(batch: Batch) -> None:
    """Make everything in a batch fit for SQLite; done only after it refused the batch."""
    batch.values = list(_clean(batch.values))
    batch.opened = {id: (run_id, _clean(row)) for id, (run_id, row) in batch.opened.items()}
    batch.runs = {run_id: list(_clean(line)) for run_id, line in batch.runs.items()}
    batch.scores = [_clean(row) for row in batch.scores]
    batch.findings = [_clean(row) for row in batch.findings]
    batch.logs = [_clean(row) for row in batch.logs]


def _clean(row: Any) -> tuple[Any, ...]:  # any sequence of values of any type: that is why it is here
    return tuple(_clean_value(value) for value in row)


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else None
    if value is None or isinstance(value, (float, bytes, bytearray)):
        return value
    return f"<{type(value).__name__}>"
