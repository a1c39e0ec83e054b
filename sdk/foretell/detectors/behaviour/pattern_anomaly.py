"""Notices a run that uses its tools in an order that successful runs do not show."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from math import log
from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import Board, Table, hex_id, join_key
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.model.kinds import AGENT, ERROR, OK, RETRIEVER, TOOL

if TYPE_CHECKING:
    from foretell.model.call import Call

REFERENCES: Final = 300
"""So many of the newest successful runs of an agent's version are the reference."""
AGENTS: Final = 256
TOOL_NAMES: Final = 1_000
STEPS: Final = 128
"""So many tool calls of a run are compared."""
EDGE: Final = 0
"""Stands for the beginning and for the end of a run."""
MARGIN: Final = 0.5
"""Of the way from the usual to the strangest hundredth: a run lies so much beyond that, or it is chance."""
LEAST_MARGIN: Final = 0.05
RENEW_SHARE: Final = 0.25
"""The reference is weighed anew when so many of its runs are new."""
SHOWN: Final = 3
Walk = tuple[int, ...]
"""Tools in order, as numbers."""


class _Steps:
    """The tools that one agent used in one run."""

    __slots__ = ("spans", "tools")

    def __init__(self) -> None:
        self.tools: list[str] = []
        self.spans: list[int] = []


class _Reference:
    """How the successful runs of one version of an agent used their tools."""

    __slots__ = ("counts", "fresh", "known", "names", "scores", "version", "walks", "weights")

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        """Of all versions, since runs of two of them may be open at once."""
        self.reset(None)

    def reset(self, version: str | None) -> None:
        """Begin anew: another version may work in another way."""
        self.version = version
        self.walks: deque[Walk] = deque()
        self.counts: dict[tuple[int, int], int] = {}
        """Transitions from tool to tool."""
        self.weights: dict[int, int] = {}
        """How often each tool was left."""
        self.scores: list[float] = []
        """Of the reference's own runs, each against the others, in order."""
        self.known: dict[Walk, float] = {}
        """Scores of runs that were judged since the reference was weighed."""
        self.fresh = 0

    def number(self, name: str) -> int:
        """The tool's number; the last one for all names beyond the bound."""
        number = self.names.get(name)
        if number is None:
            number = min(len(self.names) + 1, TOOL_NAMES)
            if number < TOOL_NAMES:
                self.names[name] = number
        return number

    def add(self, walk: Walk) -> None:
        """Learn a successful run; the oldest is forgotten."""
        self.walks.append(walk)
        if len(self.walks) > REFERENCES:
            self.walks.popleft()
        self.fresh += 1

    def score(self, walk: Walk, *, without: bool = False) -> float:
        """Mean surprisal of the run's transitions, in nats."""
        return sum(self.surprisals(walk, without=without)) / (len(walk) + 1)

    def surprisals(self, walk: Walk, *, without: bool = False) -> list[float]:
        """Surprisal of each transition, add-one smoothed. `without`: as if this very run were not known."""
        size = len(self.names) + 2
        firsts, steps = (EDGE, *walk), list(zip((EDGE, *walk), (*walk, EDGE), strict=True))
        counts, weights = self.counts, self.weights
        if without:
            own, left = Counter(steps), Counter(firsts)
            return [log((weights[step[0]] - left[step[0]] + size) / (counts[step] - own[step] + 1)) for step in steps]
        return [log((weights.get(step[0], 0) + size) / (counts.get(step, 0) + 1)) for step in steps]

    def renew(self) -> None:
        """Weigh each run of the reference against the others, where enough of them are new."""
        if self.scores and self.fresh < RENEW_SHARE * len(self.walks):
            return
        self.fresh = 0
        self.known.clear()
        self.counts.clear()
        self.weights.clear()
        walks = Counter(self.walks)
        for walk, times in walks.items():
            self._count(walk, times)
        scores: list[float] = []
        for walk, times in walks.items():
            scores += [self.score(walk, without=True)] * times
        self.scores = sorted(scores)

    def chance(self, score: float) -> float:
        """Conformal p-value: how many of the reference's runs are at least as strange."""
        return (len(self.scores) - bisect_left(self.scores, score - 1e-9) + 1) / (len(self.scores) + 1)

    def is_beyond(self, score: float, p: float) -> bool:
        """True where the run lies clearly beyond the strangest ones that are usual."""
        last = len(self.scores) - 1
        high, middle = self.scores[min(last, int((1 - p) * len(self.scores)))], self.scores[len(self.scores) // 2]
        return score > high + max(LEAST_MARGIN, MARGIN * (high - middle))

    def _count(self, walk: Walk, times: int) -> None:
        counts, weights = self.counts, self.weights
        first = EDGE
        for second in (*walk, EDGE):
            step = (first, second)
            counts[step] = counts.get(step, 0) + times
            weights[first] = weights.get(first, 0) + times
            first = second


class PatternAnomaly(Detector):
    """Compares the order of a run's tools with that of at least a hundred successful runs of the same agent version.

    The strangeness of the run's transitions is ranked among theirs: about one healthy run in a hundred is as strange by
    chance, and one that is not clearly stranger than those is left alone. With fewer references nothing is known.
    """

    trigger = "pattern_anomaly"
    kinds = frozenset((TOOL, RETRIEVER, AGENT))

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._p = limits["p"]
        self._least = int(limits["min_references"])
        self._board = Board()
        self._runs: Table[str, dict[str, _Steps]] = Table(dict, self._drop)
        self._agents: Table[str, _Reference] = Table(_Reference, self._forget, AGENTS)

    def take(self, call: Call, now_ns: int) -> None:
        """Note a tool, or judge the agent that ended."""
        if call.kind is AGENT:
            self._judge(call)
            return
        agent = call.agent_name
        if agent is None:
            return
        run = self._runs.touch(call.run_id)
        steps = run.get(agent)
        if steps is None:
            if len(run) >= AGENTS:
                return
            steps = run[agent] = _Steps()
        if len(steps.tools) < STEPS:
            steps.tools.append(call.name)
            steps.spans.append(call.span_id)

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the run."""
        self._runs.pop(run_id)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which runs strayed; each once."""
        return self._board.report()

    def _judge(self, call: Call) -> None:
        name = call.name
        run = self._runs.states.get(call.run_id)
        steps = run.pop(name, None) if run else None
        reference = self._agents.touch(name)
        if call.version != reference.version:
            reference.reset(call.version)
        if call.outcome not in (OK, ERROR):
            return
        walk = tuple([reference.number(tool) for tool in steps.tools]) if steps is not None else ()
        known = len(reference.walks)
        if known >= self._least:
            self._board.settle(name)
            reference.renew()
            self._compare(call, reference, walk, steps)
        elif not known:
            text = f"{name} has too few successful runs yet: {self._least} of one version are needed to know its ways."
            self._board.doubt(Judgement(name, Verdict.UNKNOWN, explanation=text, agent_name=name))
        if call.outcome is OK:
            reference.add(walk)

    def _compare(self, call: Call, reference: _Reference, walk: Walk, steps: _Steps | None) -> None:
        score = reference.known.get(walk)
        if score is None:
            # Most runs are like others: their scores hold until the reference is weighed anew.
            score = reference.score(walk)
            if len(reference.known) < REFERENCES:
                reference.known[walk] = score
        chance = reference.chance(score)
        if chance >= self._p or not reference.is_beyond(score, self._p):
            return
        names = {number: tool for tool, number in reference.names.items()} | {EDGE: "start"}
        parts = [names.get(number, "other") for number in (EDGE, *walk)]
        ends = [*parts[1:], "end"]
        order = sorted(enumerate(reference.surprisals(walk)), key=lambda item: -item[1])[:SHOWN]
        strange = [f"{parts[place]} → {ends[place]}" for place, _ in order]
        spans = [] if steps is None else [hex_id(steps.spans[place]) for place, _ in order if place < len(walk)]
        usual = reference.scores[len(reference.scores) // 2]
        text = (
            f"The order of tools is stranger than in {len(reference.scores)} successful runs of {call.name}"
            f" (p = {chance:.3f}, limit {self._p:g}); the strangest step is {strange[0]}."
        )
        evidence = {
            "calls": spans, "p": round(chance, 5), "limit": self._p, "surprisal": round(score, 4),
            "usual_surprisal": round(usual, 4), "steps": strange, "references": len(reference.scores),
            "version": call.version,
        }  # fmt: skip
        self._board.tell_late(
            Judgement(
                join_key(call.run_id, call.name),
                Verdict.FIRING,
                call.start_ns,
                text,
                "",
                1 - chance,
                evidence,
                call.run_id,
                call.span_id,
                call.name,
            )
        )

    def _drop(self, run_id: str, steps: dict[str, _Steps]) -> None:
        """Nothing is said about a run before it ends."""

    def _forget(self, name: str, reference: _Reference) -> None:
        self._board.settle(name)
