"""Runs that have not yet done enough to repeat anything: most end so, and looking at their calls would be for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import OPEN_RUNS
from foretell.model.kinds import AGENT, LLM, STEP

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.payload import Kept

HELD_CALLS: Final = 4_096
HELD_CHARS: Final = 8_192
"""Calls up to this size are kept, and up to so many in all: 32 MB at most."""


class _Young:
    """The first calls of one run."""

    __slots__ = ("answers", "calls", "tools")

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.tools = 0
        self.answers = 0
        """Of models, since the last tool."""


class YoungRuns:
    """Keeps the calls of young runs as they are, until one comes with which they could complete a pattern."""

    __slots__ = ("_answers", "_held", "_runs", "_tools")

    def __init__(self, tools: int, answers: int) -> None:
        """A run is no longer young with so many tool calls, or so many answers in a row."""
        self._tools = tools
        self._answers = answers
        self._runs: dict[str, _Young] = {}
        self._held = 0

    def hold(self, call: Call) -> bool:
        """Keep a call; False where its run has to be looked at from now on."""
        kind = call.kind
        if call.error is not None or kind is STEP or self._held >= HELD_CALLS or not _is_small(call):
            return False
        young = self._runs.get(call.run_id)
        if young is None:
            if len(self._runs) >= OPEN_RUNS:
                return False
            young = self._runs[call.run_id] = _Young()
        if kind is LLM:
            young.answers += 1
        elif kind is not AGENT:
            young.answers = 0
            young.tools += 1
        elif not call.is_root:  # agents that call each other
            return False
        if young.answers >= self._answers or young.tools >= self._tools:
            return False
        young.calls.append(call)
        self._held += 1
        return True

    def pop(self, run_id: str) -> list[Call]:
        """Forget a run, and give what was kept of it."""
        young = self._runs.pop(run_id, None)
        if young is None:
            return []
        self._held -= len(young.calls)
        return young.calls


def _is_small(call: Call) -> bool:
    return _length_of(call.kept_input) + _length_of(call.kept_output) <= HELD_CHARS


def _length_of(kept: Kept | None) -> int:
    if type(kept) is bytes:
        return len(kept)
    return 0 if kept is None else len(kept.text)  # type: ignore[union-attr]  # a payload
