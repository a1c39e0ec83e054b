"""Judgements become findings that begin and end, once each."""

from __future__ import annotations

import pytest

from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.triggers.catalogue import find_trigger
from foretell.watchdog.episodes import Episodes

S = 1_000_000_000
LOOP = find_trigger("agent_loop")


def judge(verdict: Verdict, key: str = "run", onset_s: int = 0) -> Judgement:
    return Judgement(key, verdict, onset_s * S, "4 times", evidence={"times": 4}, run_id=key)


FIRING, QUIET, UNKNOWN = judge(Verdict.FIRING), judge(Verdict.QUIET), judge(Verdict.UNKNOWN)


@pytest.fixture
def episodes() -> Episodes:
    return Episodes(cooldown_ns=60 * S)


def test_what_fires_is_one_finding_with_the_triggers_words(episodes):
    (finding,) = episodes.take(LOOP, [FIRING], 100 * S)

    assert ("agent_loop", "run", LOOP.severity, LOOP.advice, 100 * S, None) == (
        finding.trigger,
        finding.key,
        finding.severity,
        finding.advice,
        finding.onset_ns,
        finding.end_ns,
    )


def test_a_finding_that_lasts_is_told_once(episodes):
    episodes.take(LOOP, [FIRING], 100 * S)

    assert [] == episodes.take(LOOP, [FIRING], 101 * S)


@pytest.mark.parametrize("judgements", [[QUIET], []], ids=["said to be quiet", "named no more"])
def test_what_falls_quiet_ends(episodes, judgements):
    episodes.take(LOOP, [judge(Verdict.FIRING, onset_s=98)], 100 * S)

    (ended,) = episodes.take(LOOP, judgements, 107 * S)

    assert (98 * S, 107 * S) == (ended.onset_ns, ended.end_ns)
    assert 0 == len(episodes)


def test_unknown_begins_nothing_and_ends_nothing(episodes):
    assert [] == episodes.take(LOOP, [UNKNOWN], 99 * S)
    episodes.take(LOOP, [FIRING], 100 * S)

    assert [] == episodes.take(LOOP, [UNKNOWN], 101 * S)
    assert 1 == len(episodes)


def test_each_key_is_a_finding_of_its_own(episodes):
    episodes.take(LOOP, [judge(Verdict.FIRING, "a"), judge(Verdict.FIRING, "b")], 100 * S)

    assert ["a"] == [finding.key for finding in episodes.take(LOOP, [judge(Verdict.FIRING, "b")], 101 * S)]


def test_within_the_cooldown_the_same_is_not_told_again_unless_it_lasts(episodes):
    episodes.take(LOOP, [FIRING], 100 * S)
    episodes.take(LOOP, [], 101 * S)

    assert [] == episodes.take(LOOP, [FIRING], 160 * S)
    assert ["run"] == [finding.key for finding in episodes.take(LOOP, [FIRING], 161 * S)]


def test_a_clock_that_was_set_back_neither_bends_times_nor_prolongs_a_cooldown(episodes):
    (begun,) = episodes.take(LOOP, [judge(Verdict.FIRING, onset_s=500)], 100 * S)
    (ended,) = episodes.take(LOOP, [], 40 * S)

    assert (100 * S, 100 * S) == (begun.onset_ns, ended.end_ns)
    assert 1 == len(episodes.take(LOOP, [FIRING], 20 * S))


def test_what_nobody_watches_any_more_ends_unfinished(episodes):
    episodes.take(LOOP, [FIRING], 100 * S)

    (ended,) = episodes.end_all(130 * S)

    assert (130 * S, {"times": 4, "unfinished": True}) == (ended.end_ns, ended.evidence)


def test_findings_of_one_trigger_have_a_bound(episodes):
    many = [judge(Verdict.FIRING, str(number)) for number in range(10_050)]

    assert 10_000 == len(episodes.take(LOOP, many, 100 * S))
    assert 50 == episodes.untold
