"""Runs the detectors over a recorded run, as if it happened again: the same detectors that watch live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from foretell.detectors.detector import Detector
from foretell.model.finding import Verdict
from foretell.triggers.catalogue import find_trigger

if TYPE_CHECKING:
    from foretell.detectors.judgement import Judgement
    from foretell.model.call import Call
    from foretell.model.finding import Finding
    from foretell.model.run import Run
    from foretell.triggers.trigger import Trigger

SHORT_NS: Final = 35_000_000
"""A call that is over sooner is never seen open."""
LOOK_NS: Final = 500_000_000
"""How often the detectors are asked while nothing happens."""
MAX_LOOKS: Final = 20_000
"""A run of days is looked at less often."""

_SAMPLES: Final = ("take_process", "take_stacks", "take_loop", "take_waits", "take_telemetry")


class Keeper(Protocol):
    """Turns judgements into findings that begin and end: `foretell.watchdog.episodes.Episodes`."""

    def take(self, trigger: Trigger, judgements: Iterable[Judgement], now_ns: int) -> list[Finding]:
        """Return the findings that begin, and those that end with their `end_ns`."""

    def list_open(self) -> Iterator[Finding]:
        """Yield the findings that last."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A trigger that cannot be told about something: unknown is not healthy."""

    trigger: str
    key: str
    explanation: str


@dataclass(slots=True)
class Checked:
    """What the detectors say about a recorded run."""

    findings: list[Finding] = field(default_factory=list)
    """In order of onset; one that lasted to the run's end has none."""
    doubts: dict[tuple[str, str], Doubt] = field(default_factory=dict)
    """The last word about each trigger and key that could not be told."""
    judged: list[str] = field(default_factory=list)
    """Triggers whose detector found in the record what it looks at."""
    not_judged: list[str] = field(default_factory=list)
    """Triggers that look at something no record holds: memory, threads, event loops, waits."""
    faults: dict[str, Exception] = field(default_factory=dict)
    """Triggers whose detector failed."""
    baseline_runs: int = 0
    """Earlier runs that were shown first."""


def check_run(
    run: Run, detectors: Sequence[Detector], keeper: Keeper, earlier: Iterable[Run] = (), until_ns: int | None = None
) -> Checked:
    """Show a run to fresh detectors, call by call, and say what they find.

    `earlier` are runs of the same agent, oldest first: what is usual is learnt from them, and what begins in them and
    ends in them is left out. A run that is still open is looked at until `until_ns`. A detector that fails is left out,
    and named.
    """
    checked = Checked()
    replay = _Replay(detectors, keeper, checked)
    for before in earlier:
        replay.show(before.calls, looks_to_ns=None)
        checked.baseline_runs += 1
    known = {(one.trigger, one.key, one.onset_ns): one for one in keeper.list_open()}
    checked.doubts.clear()
    end_ns = run.summary.end_ns or until_ns or max((call.end_ns or call.start_ns for call in run.calls), default=0)
    for finding in replay.show(run.calls, looks_to_ns=end_ns):
        known[finding.trigger, finding.key, finding.onset_ns] = finding
    checked.findings = sorted(known.values(), key=lambda finding: finding.onset_ns)
    return checked


class _Replay:
    """Shows runs to detectors in the order in which their calls began and ended."""

    def __init__(self, detectors: Sequence[Detector], keeper: Keeper, checked: Checked) -> None:
        self._keeper = keeper
        self._checked = checked
        self._detectors = [detector for detector in detectors if _reads_calls(detector)]
        checked.judged = [detector.trigger for detector in self._detectors]
        checked.not_judged = [detector.trigger for detector in detectors if not _reads_calls(detector)]

    def show(self, calls: Sequence[Call], looks_to_ns: int | None) -> list[Finding]:
        """Show calls; with looks between them, up to a time, where the silence matters too."""
        changes: list[Finding] = []
        last_ns = calls[0].start_ns if calls else 0
        step_ns = LOOK_NS if looks_to_ns is None else max(LOOK_NS, (looks_to_ns - last_ns) // MAX_LOOKS)
        for at_ns, is_end, call in _list_moments(calls):
            if looks_to_ns is not None:
                for look_ns in range(last_ns + step_ns, at_ns, step_ns):
                    changes += self._judge(look_ns)
            self._show_call(call, at_ns, is_end=is_end)
            changes += self._judge(at_ns)
            last_ns = max(last_ns, at_ns)
        for look_ns in range(last_ns + step_ns, (looks_to_ns or 0) + 1, step_ns):
            changes += self._judge(look_ns)
        return changes

    def _show_call(self, call: Call, at_ns: int, *, is_end: bool) -> None:
        for detector in list(self._detectors):
            if call.kind not in detector.kinds:
                continue
            try:
                (detector.take if is_end else detector.take_open)(call, at_ns)
            except Exception as error:
                self._dismiss(detector, error)
        if is_end and call.is_root:
            for detector in list(self._detectors):
                try:
                    detector.end_run(call.run_id, at_ns)
                except Exception as error:
                    self._dismiss(detector, error)

    def _judge(self, at_ns: int) -> list[Finding]:
        changes: list[Finding] = []
        for detector in list(self._detectors):
            try:
                judgements = list(detector.judge(at_ns))
            except Exception as error:
                self._dismiss(detector, error)
                continue
            self._note_doubts(detector.trigger, judgements)
            changes += self._keeper.take(find_trigger(detector.trigger), judgements, at_ns)
        return changes

    def _note_doubts(self, trigger: str, judgements: Iterable[Judgement]) -> None:
        for judgement in judgements:
            if judgement.verdict is Verdict.UNKNOWN:
                doubt = Doubt(trigger, judgement.key, judgement.explanation)
                self._checked.doubts[trigger, judgement.key] = doubt

    def _dismiss(self, detector: Detector, error: Exception) -> None:
        """Leave out a detector that failed: the others go on."""
        self._checked.faults[detector.trigger] = error
        self._detectors.remove(detector)


def _list_moments(calls: Sequence[Call]) -> list[tuple[int, bool, Call]]:
    """When calls were seen to begin and to end; of what happens at one time ends come first, inner ones before outer."""
    moments = [(call.end_ns, True, call) for call in calls if call.end_ns is not None]
    begun = [
        (call.start_ns, False, call) for call in calls if call.end_ns is None or call.end_ns - call.start_ns > SHORT_NS
    ]
    return sorted([*moments, *begun], key=lambda moment: (moment[0], not moment[1], -moment[2].start_ns * moment[1]))


def _reads_calls(detector: Detector) -> bool:
    """True for a detector that needs nothing but calls."""
    own = type(detector)
    sees_more = any(getattr(own, name) is not getattr(Detector, name) for name in _SAMPLES)
    return not sees_more and (own.take is not Detector.take or own.take_open is not Detector.take_open)
