"""Where finished calls go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord


class Sink(Protocol):
    """One of the places that every call goes to. The worker calls all methods, one at a time, in order.

    (At a flush or an exit another thread may call them in its place, never two at once.)
    `take_*` do CPU work only and queue the result; `write` does the I/O.
    A sink may raise: the worker counts it, says it once, and goes on with the next sink.
    """

    name: str

    def take_open(self, calls: Sequence[Call]) -> None:
        """Note calls that outlived a tick. They are still changing: read only what is set at opening."""

    def take(self, calls: Sequence[Call]) -> None:
        """Note finished, refined calls in the order in which they ended. The calls may be kept, not changed."""

    def take_scores(self, scores: Sequence[Score]) -> None:
        """Note feedback."""

    def take_logs(self, records: Sequence[LogRecord]) -> None:
        """Note log lines, redacted, in the order in which they were logged."""

    def write(self) -> None:
        """Carry out what was noted. Blocks no longer than one batch needs."""

    def flush(self, timeout_s: float) -> bool:
        """Carry out everything noted so far; False when time ran out. Called at shutdown too."""

    def close(self) -> None:
        """Release everything; after it nothing is called."""

    def after_fork(self) -> None:
        """Start afresh in a forked child: drop what the parent noted, open own connections."""


class FindingSink(Sink, Protocol):
    """A sink that also hears what the watchdog finds."""

    def take_findings(self, findings: Sequence[Finding]) -> None:
        """Note findings, each once as it begins and once more with its `end_ns`."""
