"""Notices an agent whose runs fail too often."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import Board, Table, end_of, hex_id
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.model.kinds import ABORTED, AGENT, ERROR, TIMEOUT

if TYPE_CHECKING:
    from foretell.model.call import Call

AGENTS: Final = 1_000
SLICES: Final = 60
"""So finely is the window cut: runs of one slice are forgotten together."""
SHOWN: Final = 5
"""So many of the newest failed runs are the evidence."""
RELEASE: Final = 0.5
"""Of the limit: below it the agent is well again."""
FAILURES: Final = frozenset((ERROR, TIMEOUT, ABORTED))
Z: Final = 1.96


class _Window:
    """How many runs of one agent ended in the last minutes, and how many of them failed."""

    __slots__ = ("errors", "failed", "is_firing", "onset_ns", "runs", "slices")

    def __init__(self) -> None:
        self.slices: deque[list[int]] = deque()
        """Number of the slice, runs, failures."""
        self.runs = self.errors = 0
        self.failed: deque[tuple[int, int, str]] = deque(maxlen=SHOWN)
        """End, span and run of the newest failures."""
        self.is_firing = False
        self.onset_ns = 0

    def forget_before(self, number: int) -> None:
        """Leave out slices that are older."""
        while self.slices and self.slices[0][0] < number:
            _, runs, errors = self.slices.popleft()
            self.runs -= runs
            self.errors -= errors

    def add(self, number: int, has_failed: bool) -> None:
        """Count a run; one of an older clock counts as of now."""
        if not self.slices or number > self.slices[-1][0]:
            self.slices.append([number, 0, 0])
        last = self.slices[-1]
        last[1] += 1
        last[2] += has_failed
        self.runs += 1
        self.errors += has_failed


class ErrorRate(Detector):
    """Compares the share of an agent's runs that failed in the last minutes with the limit, where there is evidence.

    Evidence is a number of failures, and a share whose lower bound (Wilson, 95 %) lies above what is accepted. An
    agent that failed and then had no more runs is unknown, not well.
    """

    trigger = "error_rate"
    kinds = frozenset((AGENT,))

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._share = limits["share"]
        self._accepted = limits["accepted_share"]
        self._min_errors = limits["min_errors"]
        self._slice_ns = max(1, int(limits["window_s"] * 1e9) // SLICES)
        self._board = Board()
        self._agents: Table[str, _Window] = Table(_Window, self._forget, AGENTS)
        self._firing: dict[str, _Window] = {}

    def take(self, call: Call, now_ns: int) -> None:
        """Count a run that ended."""
        name = call.name
        window = self._agents.touch(name)
        end_ns = end_of(call)
        number = end_ns // self._slice_ns
        has_failed = call.outcome in FAILURES
        window.add(number, has_failed)
        window.forget_before(number - SLICES)
        if has_failed:
            window.failed.append((end_ns, call.span_id, call.run_id))
            self._judge(name, window)
        elif window.is_firing:
            self._judge(name, window)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which agents fail too often."""
        for name, window in tuple(self._firing.items()):
            window.forget_before(now_ns // self._slice_ns - SLICES)
            self._judge(name, window)
        return self._board.report()

    def _judge(self, name: str, window: _Window) -> None:
        runs, errors = window.runs, window.errors
        if not runs:
            if self._board.find(name) is None:
                return
            self._board.clear(name)
            text = f"{name} failed often and then had no more runs: whether it works again is not known."
            self._board.doubt(Judgement(name, Verdict.UNKNOWN, explanation=text, agent_name=name))
            return
        share = errors / runs
        if errors >= self._min_errors and share > self._share and wilson_low(errors, runs) > self._accepted:
            self._fire(name, window, share)
        elif window.is_firing:
            if share <= self._share * RELEASE or errors < self._min_errors:
                self._forget(name, window)
            else:
                self._board.settle(name)

    def _fire(self, name: str, window: _Window, share: float) -> None:
        if not window.is_firing:
            window.is_firing = True
            window.onset_ns = window.failed[0][0]
            self._firing[name] = window
        minutes = self.limits["window_s"] / 60
        low = wilson_low(window.errors, window.runs)
        text = (
            f"{window.errors} of {window.runs} runs of {name} failed in the last {minutes:g} minutes: {share:.1%}"
            f" (limit {self._share:.0%}; certainly more than {low:.1%})."
        )
        evidence = {
            "calls": [hex_id(span) for _, span, _ in window.failed], "runs": [run for _, _, run in window.failed],
            "errors": window.errors, "run_count": window.runs, "share": round(share, 4), "limit": self._share,
            "wilson_low": round(low, 4), "accepted_share": self._accepted,
        }  # fmt: skip
        _, span_id, run_id = window.failed[-1]
        self._board.settle(name)
        self._board.fire(
            Judgement(name, Verdict.FIRING, window.onset_ns, text, "", 0.95, evidence, run_id, span_id, name)
        )

    def _forget(self, name: str, window: _Window) -> None:
        window.is_firing = False
        self._firing.pop(name, None)
        self._board.clear(name)
        self._board.settle(name)


def wilson_low(errors: int, runs: int) -> float:
    """The least share that explains so many failures (95 %); 0 without runs."""
    if not runs:
        return 0.0
    share, z2 = errors / runs, Z * Z
    middle = share + z2 / (2 * runs)
    spread = Z * sqrt(share * (1 - share) / runs + z2 / (4 * runs * runs))
    return max(0.0, (middle - spread) / (1 + z2 / runs))
