"""In which trace calls and runs were, so that a finding that is told after their end leads there still."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foretell.model.call import Call

MAX_KNOWN: Final = 4_096
"""So many runs and calls are remembered, the newest."""


class Traces:
    """Remembers the trace of each run, and those of calls that were in another one than their run before them."""

    def __init__(self, limit: int = MAX_KNOWN) -> None:
        """Begin with none, and remember no more than `limit`."""
        self._limit = limit
        self._known: dict[int | str, int] = {}

    def note(self, calls: Iterable[Call]) -> None:
        """Remember where these are; a run that is in several traces is where it was seen first."""
        known = self._known
        for call in calls:
            if known.setdefault(call.run_id, call.trace_id) != call.trace_id or not call.run_id:
                known[call.span_id] = call.trace_id
        if len(known) > self._limit:
            for key in list(islice(known, len(known) - self._limit // 2)):
                del known[key]

    def find(self, span_id: int | None, run_id: str | None) -> int | None:
        """The trace of that call, or else of that run; None where neither was seen lately."""
        found = self._known.get(span_id) if span_id else None
        return found if found or not run_id else self._known.get(run_id)
