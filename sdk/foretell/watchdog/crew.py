"""The detectors at work: each sees only what it watches, and one that fails does no harm to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from foretell.detectors.detector import Detector
from foretell.errors import FAULTS
from foretell.model.kinds import Kind

if TYPE_CHECKING:
    from foretell.detectors.judgement import Judgement
    from foretell.model.call import Call
    from foretell.model.kinds import Outcome

MAX_FAULTS: Final = 5
"""A detector that failed so often is switched off."""
METHODS: Final = (
    *("take_open", "take_all", "end_run", "judge"),
    *("take_process", "take_stacks", "take_loop", "take_waits", "take_telemetry"),
)

Hooks = list[tuple[str, Callable[..., Any]]]
"""Trigger and bound method, of those detectors that have one of their own."""


class Crew:
    """Gives calls and samples to the detectors that want them, and asks what they make of it."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        """Watch with these."""
        self.dismissed: list[str] = []
        """Triggers whose detector was switched off; whoever reads it may clear it."""
        self._detectors = list(detectors)
        self._faults: Counter[str] = Counter()
        self._assign()

    def wants(self, method: str) -> bool:
        """Whether any detector has a method of its own under this name: else nobody needs to look."""
        return bool(self._hooks[method])

    def take_open(self, calls: Sequence[Call], now_ns: int) -> None:
        """Show open calls."""
        for call in calls:
            for trigger, take in self._takers_open[call.kind]:
                try:
                    take(call, now_ns)
                except Exception as error:
                    self._note(trigger, error)

    def take(self, calls: Sequence[Call], now_ns: int) -> dict[str, Outcome]:
        """Show calls that ended, in this order; returns the runs that ended with one of them, and how."""
        for kinds, takers in self._takers:
            wanted = [call for call in calls if call.kind in kinds] if kinds is not None else calls
            for trigger, take, is_whole in takers if wanted else ():
                # One that fails at a call still gets the next one, unless it takes them all at once.
                for seen in (wanted,) if is_whole else wanted:
                    try:
                        take(seen, now_ns)
                    except Exception as error:
                        self._note(trigger, error)
                        if self._faults[trigger] >= MAX_FAULTS:
                            break
        # The first call of a run in this process; the run may have begun in another one.
        ended = {
            call.run_id: call.outcome
            for call in calls
            if not call.step_index and (call.step_index == 0 or call.is_root) and call.run_id
        }
        for run_id in ended:
            self._tell("end_run", run_id, now_ns)
        return ended

    def show(self, method: str, sample: object) -> None:
        """Show a sample to the detectors that have `method`."""
        self._tell(method, sample)

    def judge(self, now_ns: int) -> Iterator[tuple[str, Sequence[Judgement]]]:
        """Yield each trigger with what its detector says; one that fails at it says nothing, which is no quiet."""
        for trigger, judge in self._hooks["judge"]:
            try:
                judgements = tuple(judge(now_ns))
            except Exception as error:
                self._note(trigger, error)
                continue
            yield trigger, judgements

    def _tell(self, method: str, *args: object) -> None:
        for trigger, hook in self._hooks[method]:
            try:
                hook(*args)
            except Exception as error:
                self._note(trigger, error)

    def _note(self, trigger: str, error: Exception) -> None:
        FAULTS.note(f"detector.{trigger}", error)
        self._faults[trigger] += 1
        if self._faults[trigger] == MAX_FAULTS:
            text = f"The detector of {trigger} has failed {MAX_FAULTS} times and is switched off."
            FAULTS.warn(f"detector.{trigger}.off", text)
            self._detectors = [detector for detector in self._detectors if detector.trigger != trigger]
            self.dismissed.append(trigger)
            self._assign()

    def _assign(self) -> None:
        """Work out once who gets what: what a detector does not override is never called."""
        self._hooks: dict[str, Hooks] = {
            method: [(one.trigger, getattr(one, method)) for one in self._detectors if _has_own(one, method)]
            for method in METHODS
        }
        self._takers_open: dict[Kind, Hooks] = {
            kind: [
                (one.trigger, one.take_open)
                for one in self._detectors
                if kind in one.kinds and _has_own(one, "take_open")
            ]
            for kind in Kind
        }
        by_kinds: dict[frozenset[Kind], list[tuple[str, Callable[..., Any], bool]]] = {}
        for one in self._detectors:
            is_whole = _has_own(one, "take_all")
            if is_whole or _has_own(one, "take"):
                hook = (one.trigger, one.take_all if is_whole else one.take, is_whole)
                by_kinds.setdefault(one.kinds, []).append(hook)
        everything = frozenset(Kind)
        self._takers = [(None if kinds == everything else kinds, hooks) for kinds, hooks in by_kinds.items()]
        """Detectors by the kinds that they want (None: all); trigger, method, and whether it takes all at once."""


def _has_own(detector: Detector, method: str) -> bool:
    return getattr(type(detector), method) is not getattr(Detector, method)
