"""Knows which open calls are at work themselves: those that have no open call below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from foretell.model.call import Call
from foretell.model.kinds import Kind

MAX_OPEN: Final = 10_000
INFERENCE: Final = frozenset((Kind.LLM, Kind.EMBEDDINGS))


class OpenCall(NamedTuple):
    """What is remembered of an open call."""

    kind: Kind
    run_id: str
    span_id: int
    parent_id: int | None
    agent_name: str | None
    start_ns: int


class OpenLeaves:
    """The open calls of the process, up to a bound."""

    def __init__(self) -> None:
        """Know none."""
        self._calls: dict[int, OpenCall] = {}
        self._of_run: dict[str, set[int]] = {}
        self._children: Counter[int] = Counter()

    def open(self, call: Call) -> None:
        """Add a call that is open."""
        if call.id in self._calls or len(self._calls) >= MAX_OPEN:
            return
        self._calls[call.id] = OpenCall(
            call.kind, call.run_id, call.span_id, call.parent_id, call.agent_name, call.start_ns
        )
        self._of_run.setdefault(call.run_id, set()).add(call.id)
        if call.parent_id is not None:
            self._children[call.parent_id] += 1

    def end_all(self, calls: Iterable[Call]) -> None:
        """Take calls away, whether they were seen open or not."""
        if self._calls:
            for call in calls:
                self._remove(call.id)

    def end_run(self, run_id: str) -> None:
        """Take away what is left of a run."""
        for call_id in list(self._of_run.get(run_id, ())):
            self._remove(call_id)

    def _remove(self, call_id: int) -> None:
        call = self._calls.pop(call_id, None)
        if call is None:
            return
        of_run = self._of_run[call.run_id]
        of_run.discard(call_id)
        if not of_run:
            del self._of_run[call.run_id]
        if call.parent_id is not None:
            self._children[call.parent_id] -= 1
            if self._children[call.parent_id] <= 0:
                del self._children[call.parent_id]

    def may_spin(self) -> bool:
        """True where anything but a model is at work: a model that runs in this process is honest work."""
        return any(call.kind not in INFERENCE for call in self._leaves())

    def suspect(self) -> OpenCall | None:
        """Return the one call that is at work and is no model; None where there are several, or none."""
        found = [call for call in self._leaves() if call.kind not in INFERENCE]
        return found[0] if len(found) == 1 else None

    def _leaves(self) -> list[OpenCall]:
        return [call for call in self._calls.values() if not self._children.get(call.span_id)]
