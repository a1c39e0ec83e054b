"""What readers ask the store: lines of runs and rows of calls, with the calls of dead processes shown as aborted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery
from foretell.store.search import text_condition
from foretell.store.writing.columns import CALL_COLUMNS, FACTS_OF_CALL, FACTS_OF_ROOT, LOG_COLUMNS, OPEN_COLUMNS

Row = tuple[Any, ...]  # what SQLite gives: int, float, str, bytes, None

RUN_LINE = (
    "run_id", "name", "agent_name", "service_name", "start_ns", "end_ns", "shown_outcome", "call_count", "errors",
    "input_tokens", "output_tokens", "cost_usd", "unpriced", "finding_count", "session_id", "user_id", "error_message",
    "trace_id",
)  # fmt: skip
"""Columns of `find_lines`, in the order of `RunSummary`'s fields."""

FINDING_COLUMNS = (
    "trigger", "subject", "severity", "verdict", "onset_ns", "end_ns", "explanation", "advice", "confidence",
    "evidence", "run_id", "span_id", "agent_name",
)  # fmt: skip
"""In the order of `Finding`'s fields."""

SCORE_COLUMNS = ("name", "value", "label", "comment", "time_ns", "run_id", "span_id")
"""In the order of `Score`'s fields."""

CALL_FIELDS = ("key", *CALL_COLUMNS)


def find_lines(
    connection: sqlite3.Connection,
    query: RunQuery,
    dead: Sequence[tuple[int, int]],
    after: tuple[int, int] | None = None,
) -> list[Row]:
    """Lines of matching runs as `RUN_LINE` and the run's key, newest first; `after` is (start, key) of the last seen.

    `dead` are the processes whose open calls are over, as `aborts.find_dead` gives them.
    """
    conditions, values = _conditions(connection, query)
    if after is not None:
        conditions.append("(start_ns, runs.key) < (?, ?)")
        values += after
    outer = "1"
    if query.outcome is not None:
        outer, values = "shown_outcome = ?", [*values, query.outcome.value]
    sql = f"""SELECT {", ".join(RUN_LINE)}, key FROM ({_lines_sql(dead)} WHERE {" AND ".join(conditions) or "1"})
        WHERE {outer} ORDER BY start_ns DESC, key DESC LIMIT ?"""
    return connection.execute(sql, [*values, query.limit]).fetchall()


def _lines_sql(dead: Sequence[tuple[int, int]]) -> str:
    """Every run with its outcome as it is to be shown: a root that is not finished is open only while somebody lives."""
    keys = ", ".join(str(key) for key, _ in dead)
    ours = "SELECT 1 FROM open_calls WHERE run = runs.key AND process"
    outcome = f"""CASE WHEN root = {FACTS_OF_ROOT} THEN outcome WHEN EXISTS ({ours} NOT IN ({keys})) THEN 'open'
        WHEN root <> {FACTS_OF_CALL} OR EXISTS ({ours} IN ({keys})) THEN 'aborted' ELSE outcome END"""
    heartbeat = f"""(SELECT max(heartbeat_ns) FROM processes
        WHERE key IN ({keys}) AND key IN (SELECT process FROM open_calls WHERE run = runs.key))"""
    return f"""SELECT key, run_id, name, agent_name, service_name, start_ns, {outcome} AS shown_outcome,
        CASE WHEN {outcome} = 'open' THEN NULL ELSE ifnull(end_ns, ifnull({heartbeat}, seen_ns)) END AS end_ns,
        calls + (SELECT count(*) FROM open_calls WHERE run = runs.key AND kind <> 'span') AS call_count,
        errors, input_tokens, output_tokens, cost_usd, unpriced,
        (SELECT count(*) FROM findings WHERE findings.run_id = runs.run_id AND verdict = 'firing') AS finding_count,
        session_id, user_id, error_message, trace_id FROM runs"""


def _conditions(connection: sqlite3.Connection, query: RunQuery) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if query.id_prefix:
        # A range uses the index; `g` comes after every hex digit.
        conditions.append("run_id >= ? AND run_id < ?")
        values += [query.id_prefix.lower(), query.id_prefix.lower() + "g"]
    if query.agent_name is not None:
        conditions.append(
            "(agent_name = ? OR EXISTS "
            "(SELECT 1 FROM calls WHERE run = runs.key AND kind = 'agent' AND calls.name = ?))"
        )
        values += [query.agent_name, query.agent_name]
    for condition, value in (
        ("session_id = ?", query.session_id),
        ("start_ns >= ?", query.since_ns),
        ("start_ns <= ?", query.until_ns),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if query.text:
        condition, more = text_condition(connection, query.text)
        conditions.append(condition)
        values += more
    return conditions, values


def calls_of(connection: sqlite3.Connection, run: int, dead: Sequence[tuple[int, int]]) -> list[Row]:
    """Rows of all calls of the run with key `run` as `CALL_FIELDS`, in order of opening."""
    finished = connection.execute(f"SELECT {', '.join(CALL_FIELDS)} FROM calls WHERE run = ? ORDER BY key", (run,))
    heartbeats = dict(dead)
    rows = finished.fetchall()
    opened = connection.execute(f"SELECT {', '.join(OPEN_COLUMNS)} FROM open_calls WHERE run = ?", (run,)).fetchall()
    rows += [_as_call(dict(zip(OPEN_COLUMNS, row, strict=True)), heartbeats) for row in opened]
    return rows


def _as_call(fields: dict[str, Any], heartbeats: dict[int, int]) -> Row:
    """An open call in the shape of a finished one; ended at the last heartbeat if its process is dead."""
    heartbeat_ns = heartbeats.get(fields["process"])
    if heartbeat_ns is not None and fields["end_ns"] is None:
        fields["end_ns"] = max(fields["start_ns"], heartbeat_ns)
        fields["outcome"] = Outcome.ABORTED.value
    return tuple(fields.get(name) for name in CALL_FIELDS)


def calls_after(connection: sqlite3.Connection, key: int, limit: int) -> list[Row]:
    """Rows of the first calls written after the one with `key`, with their run's id at the end."""
    columns = ", ".join(f"calls.{name}" for name in CALL_FIELDS)
    sql = f"""SELECT {columns}, runs.run_id FROM calls JOIN runs ON runs.key = calls.run
        WHERE calls.key > ? ORDER BY calls.key LIMIT ?"""
    return connection.execute(sql, (key, limit)).fetchall()


def newest_key(connection: sqlite3.Connection) -> int:
    """Key of the call written last, 0 where there is none."""
    return int(connection.execute("SELECT ifnull(max(key), 0) FROM calls").fetchone()[0])


def findings_of(connection: sqlite3.Connection, run_id: str) -> list[Row]:
    """Rows of a run's findings as `FINDING_COLUMNS`, in order of onset."""
    sql = f"SELECT {', '.join(FINDING_COLUMNS)} FROM findings WHERE run_id = ? ORDER BY onset_ns, key"
    return connection.execute(sql, (run_id,)).fetchall()


def newest_findings(connection: sqlite3.Connection, trigger: str, limit: int) -> list[Row]:
    """Rows of a trigger's findings as `FINDING_COLUMNS`, the newest onset first."""
    sql = (
        f"SELECT {', '.join(FINDING_COLUMNS)} FROM findings WHERE trigger = ? ORDER BY onset_ns DESC, key DESC LIMIT ?"
    )
    return connection.execute(sql, (trigger, limit)).fetchall()


def count_findings(connection: sqlite3.Connection) -> dict[str, int]:
    """Trigger → how many findings the store has."""
    return dict(connection.execute("SELECT trigger, count(*) FROM findings GROUP BY trigger").fetchall())


def open_findings(connection: sqlite3.Connection) -> list[Row]:
    """Rows of findings that nobody has ended as `FINDING_COLUMNS`, those of dead processes included."""
    sql = f"SELECT {', '.join(FINDING_COLUMNS)} FROM findings WHERE end_ns IS NULL ORDER BY onset_ns, key"
    return connection.execute(sql).fetchall()


def newest_finding_key(connection: sqlite3.Connection) -> int:
    """Key of the finding that was written last, 0 where there is none."""
    return int(connection.execute("SELECT ifnull(max(key), 0) FROM findings").fetchone()[0])


def findings_after(connection: sqlite3.Connection, key: int, also: Sequence[int] = ()) -> list[Row]:
    """Rows written after the one with `key`, and those with the keys `also`, as `FINDING_COLUMNS` and the key."""
    keys = ", ".join(map(str, also))
    sql = f"SELECT {', '.join(FINDING_COLUMNS)}, key FROM findings WHERE key > ? OR key IN ({keys}) ORDER BY key"
    return connection.execute(sql, (key,)).fetchall()


def open_run_ids(connection: sqlite3.Connection) -> set[str]:
    """Runs with open calls, those of dead processes included."""
    sql = "SELECT DISTINCT run_id FROM open_calls JOIN runs ON runs.key = open_calls.run"
    return {row[0] for row in connection.execute(sql)}


def scores_of(connection: sqlite3.Connection, run_id: str) -> list[Row]:
    """Rows of a run's scores as `SCORE_COLUMNS`, in order of time."""
    sql = f"SELECT {', '.join(SCORE_COLUMNS)} FROM scores WHERE run_id = ? ORDER BY time_ns, key"
    return connection.execute(sql, (run_id,)).fetchall()


def logs_of(connection: sqlite3.Connection, run_id: str) -> list[Row]:
    """Rows of a run's lines of logs as `LOG_COLUMNS`, in order of time."""
    sql = f"SELECT {', '.join(LOG_COLUMNS)} FROM logs WHERE run_id = ? ORDER BY time_ns, key"
    return connection.execute(sql, (run_id,)).fetchall()


def known_ids(connection: sqlite3.Connection, run_id: str) -> set[int]:
    """Ids of all calls of a run that are here, as SQLite keeps them."""
    sql = "SELECT id FROM calls WHERE run = (SELECT key FROM runs WHERE run_id = ?)"
    return {row[0] for row in connection.execute(sql, (run_id,))}
