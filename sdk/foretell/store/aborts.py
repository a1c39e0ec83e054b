"""Ends the calls of killed processes: what was open when a process died is ABORTED, at its last heartbeat.

What had ended, and only waited for its price, ended as it did; its price is unknown.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from foretell.store.processes import list_processes
from foretell.store.writing.columns import FACTS_OF_ROOT, OPEN_COLUMNS

if TYPE_CHECKING:
    from foretell.store.store import Store

_MOVED = ", ".join(name for name in OPEN_COLUMNS if name not in ("outcome", "end_ns"))
_OUTCOME = "CASE outcome WHEN 'open' THEN 'aborted' ELSE outcome END"
_END = "ifnull(end_ns, max(start_ns, :heartbeat_ns))"
_STEPS = (
    f"""INSERT INTO calls ({_MOVED}, outcome, end_ns)
        SELECT {_MOVED}, {_OUTCOME}, {_END} FROM open_calls WHERE process = :process""",
    """UPDATE runs SET calls = calls + (SELECT count(*) FROM open_calls
           WHERE process = :process AND run = runs.key AND kind <> 'span')
       WHERE key IN (SELECT run FROM open_calls WHERE process = :process)""",
    f"""UPDATE runs SET root = {FACTS_OF_ROOT}, outcome = ended.as_it_did, end_ns = ended.at_ns
        FROM (SELECT run, id, {_OUTCOME} AS as_it_did, {_END} AS at_ns FROM open_calls WHERE process = :process) AS ended
        WHERE root < {FACTS_OF_ROOT} AND ended.run = runs.key AND printf('%016x', ended.id) = runs.run_id""",
    """UPDATE findings SET end_ns = max(onset_ns, :heartbeat_ns) WHERE end_ns IS NULL AND run_id IN (
           SELECT run_id FROM runs WHERE key IN (SELECT run FROM open_calls WHERE process = :process))""",
    "DELETE FROM open_calls WHERE process = :process",
    "DELETE FROM pauses WHERE process = :process",
)


def find_dead(connection: sqlite3.Connection, now_ns: int) -> list[tuple[int, int]]:
    """Key and last heartbeat of each dead process that still has open calls."""
    writing = list_processes(connection, "key IN (SELECT process FROM open_calls)")
    return [(process.key, process.heartbeat_ns) for process in writing if not process.is_alive(now_ns)]


def settle_dead(store: Store) -> int:
    """Turn the open calls of dead processes into aborted ones, for good; tells how many processes had died so."""
    now_ns = store.now_ns()
    with store.reading() as connection:
        if not find_dead(connection, now_ns):
            return 0
    with store.transaction() as connection:
        # Asked again: another reader may have been here in between.
        dead = find_dead(connection, now_ns)
        for process, heartbeat_ns in dead:
            for step in _STEPS:
                connection.execute(step, {"process": process, "heartbeat_ns": heartbeat_ns})
    return len(dead)
