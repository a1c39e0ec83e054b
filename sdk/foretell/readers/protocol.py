"""What every reader does, what it may say it can, and how "cannot" looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Protocol

from foretell.errors import ForetellError
from foretell.model.run import Run, RunQuery, RunSummary


class UnsupportedQuery(ForetellError):
    """This backend cannot answer such a query."""


class RunNotFound(ForetellError):
    """There is no such run here."""


class AmbiguousRun(ForetellError):
    """More than one run begins with these digits."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend can do; everything is off until claimed."""

    finds_by_agent: bool = False
    finds_by_session: bool = False
    finds_by_outcome: bool = False
    finds_by_text: bool = False
    finds_by_time: bool = False
    has_open_runs: bool = False
    """Runs show up while they are still going on."""
    has_content: bool = False
    has_blobs: bool = False
    has_findings: bool = False
    has_scores: bool = False
    has_logs: bool = False
    can_follow: bool = False
    """`StoreReader.calls_after` gives what was written since."""


class TraceReader(Protocol):
    """Fetches runs from one backend."""

    def find_runs(self, query: RunQuery) -> Iterator[RunSummary]:
        """Yield matching runs, newest first; the caller owns them.

        Nothing found is an empty iterator. A query that `abilities()` rules out raises `UnsupportedQuery` before
        anything is sent.
        """

    def load_run(self, run_id: str) -> Run:
        """Fetch a run by its whole id, with all its calls in order of opening; `RunNotFound` if it is not here."""

    def load_blob(self, sha256: str) -> bytes | None:
        """Fetch the whole of a payload that was shortened; None where it is not kept."""

    def abilities(self) -> Abilities:
        """What this backend can do."""


_NEEDS = {
    "agent_name": "finds_by_agent",
    "session_id": "finds_by_session",
    "outcome": "finds_by_outcome",
    "text": "finds_by_text",
    "since_ns": "finds_by_time",
    "until_ns": "finds_by_time",
}


def check_query(query: RunQuery, abilities: Abilities, backend: str) -> None:
    """Raise `UnsupportedQuery` where `query` asks for more than `abilities` claim."""
    for field in fields(query):
        needed = _NEEDS.get(field.name)
        if needed and getattr(query, field.name) is not None and not getattr(abilities, needed):
            raise UnsupportedQuery(
                f"{backend} cannot find runs by {field.name.removesuffix('_ns')}.\n"
                "Leave that condition out, or look into the embedded store: foretell runs"
            )


def resolve_run(reader: TraceReader, prefix: str | None = None) -> str:
    """The whole id of the run that `prefix` begins, or of the newest run.

    Raises `RunNotFound` or `AmbiguousRun`.
    """
    found = list(reader.find_runs(RunQuery(id_prefix=prefix or None, limit=6 if prefix else 1)))
    exact = [run for run in found if run.id == prefix]
    if len(found) == 1 or exact:
        return (exact or found)[0].id
    if not found:
        raise RunNotFound(
            f"No run begins with {prefix!r}.\nList them with: foretell runs"
            if prefix
            else "There is no run yet.\nRecord one with: foretell run your_agent.py"
        )
    names = ", ".join(f"{run.id} ({run.name})" for run in found[:5])
    raise AmbiguousRun(f"{len(found)} runs or more begin with {prefix!r}: {names}.\nType more of its digits.")
