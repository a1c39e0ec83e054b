"""Plays episodes to the real detectors and counts what they noticed, what they missed and where they cried wolf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from bench.detection.episode import Episode, Moment, Seen
from bench.detection.scene import WINDOWS
from bench.detection.wilson import quantile, wilson
from foretell.detectors.line_up import make_detectors
from foretell.errors import FAULTS
from foretell.triggers.catalogue import find_trigger
from foretell.triggers.limits import read_limits
from foretell.watchdog.crew import Crew
from foretell.watchdog.episodes import Episodes

if TYPE_CHECKING:
    from bench.detection.suite import Suite
    from foretell.detectors.detector import Detector
    from foretell.model.call import Call

GRACE_S = 5.0
"""A detection counts until so long after the trouble's end."""
SAMPLES = {
    Seen.PROCESS: "take_process",
    Seen.STACKS: "take_stacks",
    Seen.LOOP: "take_loop",
    Seen.WAITS: "take_waits",
    Seen.TELEMETRY: "take_telemetry",
}
MAX_FALSE_SHARE = 0.05
MIN_RECALL = 0.95
MAX_DELAY_S = 1.0

Limits = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one episode."""

    episode: Episode
    detected_s: float | None
    """Of a trouble: when it was noticed first, in seconds since the episode began."""
    false_s: tuple[float, ...]
    """When something was said that is not true."""
    explanation: str = ""
    """Of the first thing that was said."""

    @property
    def delay_s(self) -> float:
        """How long after its onset, beyond the rule's own minimum, the trouble was noticed."""
        truth = self.episode.truth
        if truth is None or self.detected_s is None:
            return 0.0
        return max(self.detected_s - truth.onset_s - truth.minimum_s, 0.0)


@dataclass(slots=True)
class Verdicts:
    """What became of all episodes of one trigger."""

    suite: Suite
    positives: list[Heard] = field(default_factory=list)
    negatives: list[Heard] = field(default_factory=list)

    @property
    def detected(self) -> int:
        """Troubles that were noticed in time."""
        return sum(heard.detected_s is not None for heard in self.positives)

    @property
    def recall(self) -> float:
        """The share of troubles that were noticed."""
        return self.detected / len(self.positives) if self.positives else 0.0

    @property
    def false_negatives_heard(self) -> int:
        """Quiet episodes in which something was said."""
        return sum(bool(heard.false_s) for heard in self.negatives)

    @property
    def precision(self) -> float | None:
        """The share of what was said that was true: each episode counts once each way."""
        false = self.false_negatives_heard + sum(bool(heard.false_s) for heard in self.positives)
        said = self.detected + false
        return self.detected / said if said else None

    @property
    def false_interval(self) -> tuple[float, float]:
        """The 95 % interval of the share of quiet episodes with a false alarm."""
        return wilson(self.false_negatives_heard, len(self.negatives))

    @property
    def false_per_day(self) -> float:
        """False alarms for each day of an agent on the verge of trouble."""
        days = sum(heard.episode.duration_s for heard in self.negatives) / 86_400
        return sum(len(heard.false_s) for heard in self.negatives) / days if days else 0.0

    @property
    def times_s(self) -> list[float]:
        """Seconds from onset to notice, of troubles that were noticed."""
        return [
            heard.detected_s - heard.episode.truth.onset_s
            for heard in self.positives
            if heard.detected_s is not None and heard.episode.truth is not None
        ]

    @property
    def delays_s(self) -> list[float]:
        """Seconds to notice beyond the rule's minimum, of those who could be noticed within a second."""
        return [
            heard.delay_s
            for heard in self.positives
            if heard.detected_s is not None and heard.episode.truth is not None and not heard.episode.truth.is_exempt
        ]

    def find_faults(self) -> list[str]:
        """What is not as it must be."""
        faults = []
        if self.recall < MIN_RECALL:
            faults.append(f"{self.suite.trigger}: recall {self.recall:.1%} is below {MIN_RECALL:.0%}")
        upper = self.false_interval[1]
        if self.negatives and upper >= MAX_FALSE_SHARE:
            faults.append(
                f"{self.suite.trigger}: false alarms may be {upper:.1%}, which is not below {MAX_FALSE_SHARE:.0%}"
            )
        delay_s = quantile(self.delays_s, 0.95)
        if delay_s > MAX_DELAY_S:
            faults.append(
                f"{self.suite.trigger}: p95 is {delay_s:.1f} s beyond the minimum, more than {MAX_DELAY_S:g} s"
            )
        return faults


def judge(
    suite: Suite,
    limits: Limits | None = None,
    *,
    make: Callable[[Mapping[str, Limits]], list[Detector]] | None = None,
    has_negatives: bool = True,
) -> Verdicts:
    """Play all episodes of a trigger to its detector, each to a fresh one, with these limits or the catalogue's."""
    make = make or _make
    used = {suite.trigger: limits or read_limits(find_trigger(suite.trigger), {})}
    return Verdicts(
        suite,
        [play(episode, make(used)) for episode in suite.episodes(suite.positives)],
        [play(episode, make(used)) for episode in suite.episodes(suite.negatives)] if has_negatives else [],
    )


def _make(limits: Mapping[str, Limits]) -> list[Detector]:
    return make_detectors(limits, context_window=lambda _, model: WINDOWS.get(model))


def play(episode: Episode, detectors: Sequence[Detector]) -> Heard:
    """Play one episode; what the watchdog would have told, and when."""
    FAULTS.clear()
    crew, keeper, trigger = Crew(detectors), Episodes(), find_trigger(episode.trigger)
    begun: list[tuple[float, str]] = []
    for at_ns, moments in groupby(episode.moments, key=lambda moment: moment.at_ns):
        _show(crew, list(moments), at_ns)
        for _, judgements in crew.judge(at_ns):
            begun += [
                ((at_ns - episode.begin_ns) / 1e9, finding.explanation)
                for finding in keeper.take(trigger, judgements, at_ns)
                if finding.end_ns is None
            ]
    if FAULTS.counts():
        raise AssertionError(f"{episode.trigger}, {episode.story} {episode.number}: {FAULTS.list_all()}")
    return _weigh(episode, begun)


def _show(crew: Crew, moments: Sequence[Moment], at_ns: int) -> None:
    """Show what comes at one time; calls that end together are seen together, as the worker gives them."""
    for seen, group in groupby(moments, key=lambda moment: moment.seen):
        if seen is Seen.OPEN:
            crew.take_open([moment.what for moment in group], at_ns)
        elif seen is Seen.ENDED:
            crew.take([_end(moment) for moment in group], at_ns)
        elif seen is not Seen.LOOK:
            for moment in group:
                crew.show(SAMPLES[seen], moment.what)


def _end(moment: Moment) -> Call:
    call: Call = moment.what
    for name, value in (moment.ending or {}).items():
        setattr(call, name, value)
    return call


def _weigh(episode: Episode, begun: Sequence[tuple[float, str]]) -> Heard:
    truth = episode.truth
    in_time = [at_s for at_s, _ in begun if truth is not None and truth.onset_s - 1e-6 <= at_s <= truth.end_s + GRACE_S]
    false = tuple(at_s for at_s, _ in begun if at_s not in in_time)
    return Heard(episode, in_time[0] if in_time else None, false, begun[0][1] if begun else "")
