"""The detectors see a recorded run again, call by call, as they would have seen it live."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from foretell.analysis.check_run import check_run
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.call import Call
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.run import Run, RunSummary
from foretell.watchdog.episodes import Episodes

START_NS = 1_790_000_000_000_000_000
S = 1_000_000_000


def make_call(id, at_s, lasts_s, kind=Kind.TOOL, run=1):
    call = Call(kind, f"c{id}", id=id, trace_id=7, run_id=f"{run:016x}", start_ns=START_NS + int(at_s * S))
    if lasts_s is not None:
        call.end_ns, call.outcome = call.start_ns + int(lasts_s * S), Outcome.OK
    return call


def make_run(*calls, end_s=10.0):
    end_ns = None if end_s is None else START_NS + int(end_s * S)
    summary = RunSummary(
        calls[0].run_id, "a", "a", "", calls[0].start_ns, end_ns, Outcome.OK, len(calls), 0, 0, 0, None, 0
    )
    return Run(summary, tuple(calls))


class Witness(Detector):
    """Writes down what it sees."""

    trigger = "agent_loop"

    def __init__(self, kinds=frozenset(Kind), fires=lambda now_s: False):
        super().__init__({})
        self.kinds = kinds
        self.seen = []
        self.looks = []
        self._fires = fires

    def take_open(self, call, now_ns):
        self.seen.append(("open", call.id, (now_ns - START_NS) / S))

    def take(self, call, now_ns):
        self.seen.append(("end", call.id, (now_ns - START_NS) / S))

    def end_run(self, run_id, now_ns):
        self.seen.append(("run", int(run_id, 16), (now_ns - START_NS) / S))

    def judge(self, now_ns) -> Iterable[Judgement]:
        now_s = (now_ns - START_NS) / S
        self.looks.append(now_s)
        return [Judgement("k", Verdict.FIRING, now_ns, "it fires")] if self._fires(now_s) else []


def test_calls_are_seen_in_the_order_in_which_they_began_and_ended():
    witness = Witness()
    check_run(make_run(make_call(1, 0, 10, Kind.AGENT), make_call(2, 1, 2), make_call(3, 3, 1)), [witness], Episodes())

    assert [
        ("open", 1, 0.0), ("open", 2, 1.0), ("end", 2, 3.0), ("open", 3, 3.0), ("end", 3, 4.0), ("end", 1, 10.0), ("run", 1, 10.0),
    ] == witness.seen  # fmt: skip


def test_inner_calls_end_before_outer_ones():
    witness = Witness()
    check_run(make_run(make_call(1, 0, 10, Kind.AGENT), make_call(2, 1, 9), make_call(3, 2, 8)), [witness], Episodes())

    assert [3, 2, 1] == [id for word, id, _ in witness.seen if word == "end"]


def test_short_calls_are_never_seen_open():
    witness = Witness()
    check_run(make_run(make_call(1, 0, 0.02)), [witness], Episodes())

    assert ["end", "run"] == [word for word, _, _ in witness.seen]


def test_only_the_kinds_that_a_detector_wants_are_shown():
    witness = Witness(kinds=frozenset({Kind.TOOL}))
    check_run(make_run(make_call(1, 0, 10, Kind.AGENT), make_call(2, 1, 2)), [witness], Episodes())

    assert {2} == {id for word, id, _ in witness.seen if word != "run"}


def test_silence_is_looked_at_too():
    witness = Witness()
    check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [witness], Episodes())

    assert [at / 2 for at in range(21)] == witness.looks


def test_a_run_of_weeks_is_looked_at_less_often():
    witness = Witness()
    check_run(make_run(make_call(1, 0, 10**6, Kind.AGENT), end_s=10**6), [witness], Episodes())

    assert 19_000 < len(witness.looks) < 21_000


def test_a_run_that_is_still_open_is_looked_at_until_now():
    witness = Witness()
    run = make_run(make_call(1, 0, None, Kind.AGENT), end_s=None)
    check_run(run, [witness], Episodes(), until_ns=START_NS + 60 * S)

    assert 60.0 == witness.looks[-1]


@pytest.mark.parametrize(
    ("fires", "expected"),
    [
        (lambda now_s: 2 <= now_s < 5, (2.0, 5.0)),
        (lambda now_s: 2 <= now_s, (2.0, None)),
        (lambda now_s: False, None),
    ],
)
def test_what_fires_is_found_with_its_onset_and_its_end(fires, expected):
    checked = check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [Witness(fires=fires)], Episodes())

    times = [
        ((one.onset_ns - START_NS) / S, None if one.end_ns is None else (one.end_ns - START_NS) / S)
        for one in checked.findings
    ]
    assert ([] if expected is None else [expected]) == times


def test_earlier_runs_are_shown_first_and_what_is_found_in_them_is_left_out():
    earlier = [make_run(make_call(5, -100, 10, Kind.AGENT, run=5)), make_run(make_call(6, -50, 10, Kind.AGENT, run=6))]
    witness = Witness(fires=lambda now_s: -95 < now_s < -45)
    checked = check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [witness], Episodes(), earlier)

    assert ([5, 6, 1], [], 2) == (
        [id for word, id, _ in witness.seen if word == "end"], checked.findings, checked.baseline_runs,
    )  # fmt: skip


def test_what_fired_before_and_still_does_is_found():
    earlier = [make_run(make_call(5, -100, 10, Kind.AGENT, run=5))]
    witness = Witness(fires=lambda now_s: -95 < now_s < 3)
    checked = check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [witness], Episodes(), earlier)

    assert [(-90.0, 3.0)] == [((one.onset_ns - START_NS) / S, (one.end_ns - START_NS) / S) for one in checked.findings]


def test_a_detector_that_fails_is_named_and_the_others_go_on():
    class Broken(Witness):
        trigger = "stall"

        def take(self, call, now_ns):
            raise KeyError("x")

    checked = check_run(
        make_run(make_call(1, 0, 10, Kind.AGENT)), [Broken(), Witness(fires=lambda _: True)], Episodes()
    )

    assert (["stall"], ["agent_loop"]) == (list(checked.faults), [finding.trigger for finding in checked.findings])


def test_what_cannot_be_told_is_said_once():
    class Doubting(Witness):
        def judge(self, now_ns):
            return [Judgement("k", Verdict.UNKNOWN, explanation="no tokens")]

    checked = check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [Doubting()], Episodes())

    assert ([("agent_loop", "k", "no tokens")], []) == (
        [(doubt.trigger, doubt.key, doubt.explanation) for doubt in checked.doubts.values()], checked.findings,
    )  # fmt: skip


def test_a_detector_that_needs_more_than_calls_is_no_judge_of_a_record():
    class Sampling(Witness):
        trigger = "memory_growth"

        def take_process(self, sample):
            """Never comes."""

    checked = check_run(make_run(make_call(1, 0, 10, Kind.AGENT)), [Sampling(), Witness()], Episodes())

    assert (["agent_loop"], ["memory_growth"]) == (checked.judged, checked.not_judged)
