"""Reads findings from the embedded store: what fires now, what fired last, and what comes."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.model.finding import Finding
from foretell.readers.rebuild import build_finding
from foretell.store import queries
from foretell.store.processes import list_processes
from foretell.store.store import Store

COLUMNS = len(queries.FINDING_COLUMNS)


@dataclass(frozen=True, slots=True)
class TriggerState:
    """What the store knows of one trigger."""

    count: int = 0
    """Findings that the store has."""
    firing: tuple[Finding, ...] = ()
    """Those that last, of processes that live."""
    newest: Finding | None = None


def read_states(store: Store) -> dict[str, TriggerState]:
    """The state of each trigger that has ever fired here, by its id."""
    with store.reading() as connection:
        counts = queries.count_findings(connection)
        lasting = [build_finding(row) for row in queries.open_findings(connection)]
        newest = {
            trigger: build_finding(row) for trigger in counts for row in queries.newest_findings(connection, trigger, 1)
        }
        open_runs = queries.open_run_ids(connection)
        is_anybody_alive = any(process.is_alive(store.now_ns()) for process in list_processes(connection))
    # What a killed process told has no end in the store, and yet it is over.
    firing = [one for one in lasting if is_anybody_alive and (one.run_id is None or one.run_id in open_runs)]
    return {
        trigger: TriggerState(count, tuple(one for one in firing if one.trigger == trigger), newest.get(trigger))
        for trigger, count in counts.items()
    }


class FindingFollower:
    """Follows findings as they begin and end, whichever process tells them."""

    def __init__(self, store: Store) -> None:
        """Begin with what comes from now on."""
        self._store = store
        self._open: dict[int, Finding] = {}
        with store.reading() as connection:
            self._position = queries.newest_finding_key(connection)

    def read(self) -> list[Finding]:
        """Findings that began or ended since the last time; one that did both comes once, with its end."""
        with self._store.reading() as connection:
            rows = queries.findings_after(connection, self._position, list(self._open))
        news = []
        for row in rows:
            key, finding = row[COLUMNS], build_finding(row[:COLUMNS])
            self._position = max(self._position, key)
            if finding.end_ns is not None:
                self._open.pop(key, None)
                news.append(finding)
            elif key not in self._open:
                self._open[key] = finding
                news.append(finding)
        return news
