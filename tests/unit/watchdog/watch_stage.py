"""A watchdog without threads' haste: detectors made for a test, calls that end when told, and what was told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.export.counts import Counts
from foretell.model.call import Call
from foretell.model.finding import Finding, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.samples import TelemetrySample
from foretell.watchdog.clock import SteadyClock
from foretell.watchdog.engine import Look, Watchdog

S = 1_000_000_000
RUN = f"{1:016x}"
_ids = count(1)


class Repeats(Detector):
    """Fires for a run in which a tool ended as often as the limit says."""

    trigger = "agent_loop"
    kinds = frozenset((Kind.TOOL,))

    def __init__(self, limits: Mapping[str, float]) -> None:
        super().__init__(limits)
        self.seen: dict[str, int] = {}

    def take(self, call: Call, now_ns: int) -> None:
        self.seen[call.run_id] = self.seen.get(call.run_id, 0) + 1

    def end_run(self, run_id: str, now_ns: int) -> None:
        self.seen.pop(run_id, None)

    def judge(self, now_ns: int) -> list[Judgement]:
        return [
            Judgement(run_id, Verdict.FIRING, now_ns, f"{times} times", evidence={"times": times}, run_id=run_id)
            for run_id, times in self.seen.items()
            if times >= self.limits["repeats"]
        ]


class Lossy(Detector):
    """Fires for each of our counts that is not 0."""

    trigger = "telemetry_gap"
    kinds = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        super().__init__(limits)
        self.counts: dict[str, int] = {}

    def take_telemetry(self, sample: TelemetrySample) -> None:
        self.counts.update(sample.counts)

    def take_process(self, sample: object) -> None:
        self.counts["process"] = 1

    def judge(self, now_ns: int) -> list[Judgement]:
        return [Judgement(name, Verdict.FIRING, now_ns, name) for name, count in self.counts.items() if count]


class Failing(Detector):
    """Raises at every call."""

    trigger = "stall"

    def take(self, call: Call, now_ns: int) -> None:
        raise ValueError("mine")


class Told:
    """Keeps what the watchdog tells."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.ended: dict[str, Outcome] = {}
        self.is_closed = False

    def tell(self, findings: Sequence[Finding], ended_runs: Mapping[str, Outcome]) -> None:
        self.findings += findings
        self.ended |= ended_runs

    def attend(self) -> bool:
        return False

    def close(self) -> None:
        self.is_closed = True

    def after_fork(self) -> None:
        self.findings.clear()


class Watch:
    """A watchdog and its surroundings."""

    def __init__(self, *detectors: type[Detector], repeats: float = 2, looks: Sequence[Look] = ()) -> None:
        self.told = Told()
        self.counts = Counts()
        self.open_calls: dict[int, Call] = {}
        ticks = count(S, S)
        clock = SteadyClock(lambda: next(ticks), lambda: 0)
        self.dog = Watchdog(
            lambda: [made({"repeats": repeats}) for made in detectors],
            looks,
            self.told,
            clock,
            self.open_calls,
            self.counts,
        )

    def end_tools(self, times: int, run_id: str = RUN) -> None:
        """So many tool calls end and are judged."""
        self.dog.take([make_call(Kind.TOOL, run_id) for _ in range(times)])
        assert self.dog.flush(5)

    def end_root(self, outcome: Outcome = Outcome.OK) -> None:
        """The run's root ends and is judged."""
        self.dog.take([make_call(Kind.AGENT, RUN, id=1, outcome=outcome)])
        assert self.dog.flush(5)

    def told_of(self) -> list[tuple[str, str, bool]]:
        """Trigger, key, and whether it is over, of all that was told."""
        return [(finding.trigger, finding.key, finding.end_ns is not None) for finding in self.told.findings]


def make_call(kind: Kind, run_id: str = RUN, *, id: int | None = None, outcome: Outcome = Outcome.OK) -> Call:
    """A call that ended."""
    call = Call(kind, "look", id=id or next(_ids) + 100, trace_id=1, run_id=run_id, start_ns=S)
    call.end_ns = 2 * S
    call.step_index = 0 if id == 1 else 1
    call.outcome = outcome
    return call
