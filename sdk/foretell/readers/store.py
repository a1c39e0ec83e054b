"""Reads the embedded store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

from foretell.errors import StoreError
from foretell.model.call import Call
from foretell.model.kinds import Outcome
from foretell.model.run import Run, RunQuery, RunSummary
from foretell.readers.findings import FindingFollower
from foretell.readers.protocol import Abilities, RunNotFound
from foretell.readers.rebuild import build_call, build_finding, build_log, build_score, build_summary
from foretell.store import queries
from foretell.store.aborts import find_dead, settle_dead
from foretell.store.search import update_index
from foretell.store.store import Store
from foretell.store.writing.pauses import list_pauses

_PAGE = 200
_ABILITIES = Abilities(
    finds_by_agent=True,
    finds_by_session=True,
    finds_by_outcome=True,
    finds_by_text=True,
    finds_by_time=True,
    has_open_runs=True,
    has_content=True,
    has_blobs=True,
    has_findings=True,
    has_scores=True,
    has_logs=True,
    can_follow=True,
)


class StoreReader:
    """Fetches runs from the embedded store, also while they go on; those of killed processes show as aborted."""

    def __init__(self, store: Store, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Read from `store`; `progress` is told of calls done and to do while the search index is made."""
        self._store = store
        self._progress = progress

    def abilities(self) -> Abilities:
        """Everything."""
        return _ABILITIES

    def find_runs(self, query: RunQuery) -> Iterator[RunSummary]:
        """Yield matching runs, newest first; raises `StoreError` where the store cannot be read."""
        self._settle()
        if query.text:
            self._update_index()
        return self._find(query)

    def load_run(self, run_id: str) -> Run:
        """Fetch a run with all its calls, findings, scores and log lines; `RunNotFound` if it is not here."""
        self._settle()
        with self._store.reading() as connection:
            dead = find_dead(connection, self._store.now_ns())
            lines = queries.find_lines(connection, RunQuery(id_prefix=run_id, limit=1), dead)
            if not lines or lines[0][0] != run_id:
                raise RunNotFound(f"There is no run {run_id!r} in {self._store.file}.\nList them with: foretell runs")
            rows = queries.calls_of(connection, lines[0][-1], dead)
            findings = queries.findings_of(connection, run_id)
            scores = queries.scores_of(connection, run_id)
            logs = queries.logs_of(connection, run_id)
        calls = _in_order([build_call(row, run_id) for row in rows])
        traces = {call.span_id: call.trace_id for call in calls}
        return Run(
            self._add_pauses([build_summary(lines[0])])[0],
            calls,
            tuple(map(build_finding, findings)),
            tuple(map(build_score, scores)),
            tuple(build_log(row, traces) for row in logs),
        )

    def load_blob(self, sha256: str) -> bytes | None:
        """Fetch the whole of a payload that was shortened; None where it is not (any more) kept."""
        return self._store.load_blob(sha256)

    def newest_position(self) -> int:
        """Where to begin following: after the call that was written last."""
        with self._store.reading() as connection:
            return queries.newest_key(connection)

    def calls_after(self, position: int, limit: int = 500) -> tuple[list[Call], int]:
        """Follow: finished calls in the order in which they were written, and the position to go on from."""
        with self._store.reading() as connection:
            rows = queries.calls_after(connection, position, limit)
        return [build_call(row, row[-1]) for row in rows], rows[-1][0] if rows else position

    def follow_findings(self) -> FindingFollower:
        """Follow: findings that begin or end from now on."""
        return FindingFollower(self._store)

    def _add_pauses(self, summaries: list[RunSummary]) -> list[RunSummary]:
        """Say of open runs whether they are paused."""
        if all(summary.end_ns is not None for summary in summaries):
            return summaries
        paused = {pause.run_id: pause.trigger for pause in list_pauses(self._store)}
        return [
            replace(summary, paused_by=paused[summary.id]) if summary.id in paused else summary for summary in summaries
        ]

    def _find(self, query: RunQuery) -> Iterator[RunSummary]:
        """Page by page, so that the store is never held while the caller looks at a run."""
        left, after = query.limit, None
        while left > 0:
            with self._store.reading() as connection:
                dead = find_dead(connection, self._store.now_ns())
                page = queries.find_lines(connection, replace(query, limit=min(left, _PAGE)), dead, after)
            yield from self._add_pauses([build_summary(line) for line in page])
            left -= len(page)
            if len(page) < _PAGE:
                return
            after = (page[-1][queries.RUN_LINE.index("start_ns")], page[-1][-1])

    def _settle(self) -> None:
        """End what killed processes left open; where that cannot be written it is only shown so."""
        if self._store.is_read_only:
            return
        try:
            settle_dead(self._store)
        except (sqlite3.Error, StoreError):
            # Locked, full or read-only: reading itself says what is wrong, if anything is.
            return

    def _update_index(self) -> None:
        if self._store.is_read_only:
            return
        try:
            update_index(self._store, self._progress)
        except (sqlite3.Error, StoreError):
            # What is not indexed is looked through letter by letter.
            return


def _in_order(calls: list[Call]) -> tuple[Call, ...]:
    """In order of opening; a call that was taken for dead and ended after all is there twice, and the end counts."""
    by_id: dict[int, Call] = {}
    for call in calls:
        known = by_id.get(call.id)
        if known is None or known.outcome in (Outcome.ABORTED, Outcome.OPEN):
            by_id[call.id] = call
    return tuple(sorted(by_id.values(), key=lambda call: (call.start_ns, call.step_index or 0)))
