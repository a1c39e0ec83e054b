"""The report on the triggers is true: its judge is just, its check fails where it must, and what is committed is fresh."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.detection import fleet, traces
from bench.detection.episode import Episode, Moment, Seen, Truth
from bench.detection.judging import Verdicts, judge, play
from bench.detection.scene import BEGIN_NS
from bench.detection.stories.every import SUITES
from bench.detection.suite import Story, Suite
from bench.detection.wilson import quantile, wilson
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.line_up import DETECTORS
from foretell.model.finding import Verdict
from foretell.readers.openinference import MalformedTrace
from foretell.triggers.catalogue import find_trigger
from foretell.triggers.limits import read_limits
from tests.support.native_servers import need_promtool

ROOT = Path(__file__).parents[2]
GENERATOR = [
    *(ROOT / "bench" / "detection" / name for name in ("episode.py", "scene.py", "suite.py")),
    *sorted((ROOT / "bench" / "detection" / "stories").glob("*.py")),
]
BY_TRIGGER = {suite.trigger: suite for suite in SUITES}


class Scripted(Detector):
    """Fires at the times that it is told."""

    trigger = "stall"

    def __init__(self, *spans):
        super().__init__({})
        self._spans = spans

    def judge(self, now_ns):
        at_s = (now_ns - BEGIN_NS) / 1e9
        return [Judgement("k", Verdict.FIRING)] if any(begin <= at_s < end for begin, end in self._spans) else []


def make_episode(truth, to_s=300):
    moments = [Moment(BEGIN_NS + second * 10**9, Seen.LOOK) for second in range(to_s)]
    return Episode("stall", "x", 0, BEGIN_NS, moments, truth)


# -- the judge -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "detected_s", "false_s"),
    [
        ([], None, ()),
        ([(100, 110)], 100.0, ()),
        ([(130, 140)], 130.0, ()),
        ([(99, 110)], None, (99.0,)),
        ([(106, 300)], 106.0, ()),
        ([(140, 150)], None, (140.0,)),
        ([(50, 55), (120, 125)], 120.0, (50.0,)),
    ],
)
def test_a_detection_counts_between_onset_and_end_with_some_grace(spans, detected_s, false_s):
    """The trouble lasts from second 100 to 130; what is said before it, or long after it, is false."""
    heard = play(make_episode(Truth(100, 130)), [Scripted(*spans)])

    assert (detected_s, false_s) == (heard.detected_s, heard.false_s)


def test_in_a_quiet_episode_everything_is_false():
    assert (50.0,) == play(make_episode(None), [Scripted((50, 60))]).false_s


def test_a_trouble_counts_once_however_often_it_is_said():
    heard = play(make_episode(Truth(10, 299)), [Scripted((20, 30), (120, 130))])

    assert (20.0, ()) == (heard.detected_s, heard.false_s)


def test_the_delay_is_what_exceeds_the_rules_own_minimum():
    assert 7.0 == play(make_episode(Truth(100, 200, 30)), [Scripted((137, 200))]).delay_s


def test_a_detector_that_fails_fails_the_report():
    class Broken(Scripted):
        def judge(self, now_ns):
            raise KeyError("x")

    with pytest.raises(AssertionError, match="KeyError"):
        play(make_episode(None, to_s=3), [Broken()])


def test_one_false_alarm_in_seventy_three_is_too_many():
    suite = Suite("stall", (), (Story("x", lambda _: None, 1),), doubled="x")
    quiet = play(make_episode(None, to_s=3), [Scripted()])
    loud = play(make_episode(None, to_s=3), [Scripted((0, 2))])

    faults = [Verdicts(suite, [play(make_episode(Truth(0, 3), to_s=3), [Scripted((0, 3))])], negatives).find_faults()
              for negatives in ([quiet] * 73, [quiet] * 72, [quiet] * 72 + [loud])]  # fmt: skip
    assert [0, 1, 1] == [len(each) for each in faults]


@pytest.mark.parametrize(
    ("count", "total", "expected"), [(0, 73, (0.0, 0.05)), (0, 60, (0.0, 0.0602)), (3, 20, (0.0524, 0.3604))]
)
def test_intervals_are_wilsons(count, total, expected):
    assert expected == pytest.approx(wilson(count, total), abs=1e-4)


def test_quantiles_are_values_that_were_there():
    assert [0.0, 3.0, 5.0, 5.0] == [
        quantile([], 0.5), quantile([5, 1, 3, 2, 4], 0.5), quantile([5, 1, 3, 2, 4], 0.95), quantile([5], 0.5),
    ]  # fmt: skip


# -- the suite -------------------------------------------------------------------------------------------------------


def test_every_trigger_that_is_judged_in_the_process_is_played():
    assert set(DETECTORS) == set(BY_TRIGGER)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.trigger)
def test_there_are_enough_episodes_from_mild_to_gross(suite):
    positives, negatives = (sum(story.times for story in stories) for stories in (suite.positives, suite.negatives))
    severities = {story.name.partition(":")[0] for story in suite.positives}

    assert positives >= 30
    assert negatives >= 73
    assert {"mild", "clear", "gross"} == severities


@pytest.mark.parametrize("path", GENERATOR, ids=lambda path: path.name)
def test_the_generator_knows_neither_catalogue_nor_detectors(path):
    imported = [
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]

    assert [] == [name for name in imported if name.startswith("foretell.") and not name.startswith("foretell.model")]


def test_the_same_seed_tells_the_same_episodes():
    suite = BY_TRIGGER["stall"]
    told = [
        [(moment.at_ns, moment.seen) for episode in suite.episodes(suite.positives) for moment in episode.moments]
        for _ in range(2)
    ]

    assert told[0] == told[1]


# -- labelled traces -------------------------------------------------------------------------------------------------


def write_trace(directory, *, label_on=None, category="Formatting Errors", times=5, seed=1):
    """One agent that calls one tool again and again; a label on the call of that number, if any."""
    tools = [
        {
            "timestamp": f"2025-03-19T12:00:{number:02d}Z", "duration": "PT0.2S", "span_id": f"{seed:08x}{number + 2:08x}",
            "span_name": "LookUp", "status_code": "Ok",
            "span_attributes": {
                "openinference.span.kind": "TOOL", "tool.name": "look_up", "input.value": '{"order": 7}', "output.value": "none",
            },
        }
        for number in range(times)
    ]  # fmt: skip
    root = {
        "timestamp": "2025-03-19T12:00:00Z", "duration": "PT1M", "span_id": f"{seed:08x}{1:08x}", "span_name": "Desk.run",
        "span_attributes": {"openinference.span.kind": "AGENT"}, "child_spans": tools,
    }  # fmt: skip
    label = [] if label_on is None else [{"category": category, "location": f"{seed:08x}{label_on + 2:08x}"}]
    for folder, document in (
        ("traces", {"trace_id": f"{seed:032x}", "spans": [root]}),
        ("annotations", {"errors": label}),
    ):
        (directory / folder / "some").mkdir(parents=True, exist_ok=True)
        (directory / folder / "some" / f"{seed}.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("label", "explained"),
    [
        ({}, "NOTHING"),
        ({"label_on": 3}, "Formatting Errors"),
        ({"label_on": -1}, "NOTHING"),
        ({"label_on": -1, "category": "Resource Abuse"}, "Resource Abuse"),
    ],
)
def test_a_firing_is_explained_by_a_label_on_its_calls_or_one_that_means_it(tmp_path, capsys, label, explained):
    write_trace(tmp_path, **label)
    code = traces.main([str(tmp_path)])

    assert (0, f"explained by: {explained}") == (
        code,
        next(line.strip() for line in capsys.readouterr().out.splitlines() if "explained by" in line),
    )


def test_two_firings_of_a_trigger_that_nothing_explains_are_too_many(tmp_path, capsys):
    for seed in (1, 2):
        write_trace(tmp_path, seed=seed)

    assert 1 == traces.main([str(tmp_path)])
    assert "agent_loop: 2 firings that no label explains" in capsys.readouterr().err


def test_a_trace_that_cannot_be_read_ends_it(tmp_path):
    write_trace(tmp_path)
    (tmp_path / "traces" / "some" / "2.json").write_text("{}")

    with pytest.raises(MalformedTrace):
        traces.main([str(tmp_path)])


# -- the check -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.trigger)
def test_a_detector_that_is_switched_off_fails_the_check(suite):
    thin = Suite(suite.trigger, suite.positives[:1], (), suite.doubled)

    assert any("recall 0.0%" in fault for fault in judge(thin, make=lambda _: []).find_faults())


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.trigger)
def test_a_limit_that_is_doubled_fails_the_check(suite):
    limits = read_limits(find_trigger(suite.trigger), {})
    limits[suite.doubled] *= 2

    assert judge(suite, limits, has_negatives=False).find_faults()


@pytest.fixture(scope="module")
def promtool():
    return need_promtool()


@pytest.mark.slow
def test_agents_that_are_down_are_told_and_no_others(promtool):
    agents = fleet.make_agents()
    text, faults = fleet.sum_up(agents, fleet.find_firing(promtool, agents))

    assert [] == faults
    assert text == fleet.RESULT.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_limit_of_the_fleet_that_is_doubled_fails_the_check(promtool, tmp_path):
    doubled = fleet.RULES.read_text(encoding="utf-8").replace("> 150", "> 300").replace("<= 150", "<= 300")
    (tmp_path / "rules.yml").write_text(doubled, encoding="utf-8")
    agents = fleet.make_agents()

    assert fleet.sum_up(agents, fleet.find_firing(promtool, agents, tmp_path / "rules.yml"))[1]


@pytest.mark.slow
def test_a_rule_of_the_fleet_that_is_switched_off_fails_the_check(promtool, tmp_path):
    off = fleet.RULES.read_text(encoding="utf-8").replace("alert: AgentDown", "alert: NobodyDown")
    (tmp_path / "rules.yml").write_text(off, encoding="utf-8")

    with pytest.raises(AssertionError, match="nothing fires at all"):
        fleet.find_firing(promtool, fleet.make_agents(), tmp_path / "rules.yml")


@pytest.mark.slow
def test_the_committed_report_is_fresh_and_passes_its_check():
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "detection" / "run.py"), "--check"],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
