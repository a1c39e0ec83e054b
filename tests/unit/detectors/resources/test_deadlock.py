"""Circles of waits."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.deadlock import Deadlock
from foretell.model.finding import Verdict
from foretell.model.samples import Wait, WaitSample

S = 1_000_000_000
NOW = 1_700_000_000 * S
RUN = "00000000000000aa"


@pytest.fixture
def detector():
    return Deadlock({"confirm_s": 1})


def wait(waiter, target, since_s=0.0, **more):
    return Wait(
        f"task {waiter!r}#1", target and f"task {target!r}#1", f"lock of {target}", NOW + int(since_s * S), **more
    )


def see(detector, at_s, *waits):
    at_ns = NOW + int(at_s * S)
    detector.take_waits(WaitSample(at_ns, waits))
    return list(detector.judge(at_ns))


def test_a_circle_that_lasts_is_told_with_all_its_waits(detector):
    """Who waits for what, in their order, and which run it is."""
    circle = (
        wait("A", "B", 0.5, run_id=RUN, span_id=7, agent_name="planner"),
        wait("B", "A", 0.0, stack=("app.py:3 f",)),
    )
    see(detector, 2, *circle)
    (found,) = see(detector, 3, *circle)

    assert Verdict.FIRING is found.verdict
    assert "2 wait in a circle, and none can go on: task 'A' waits for lock of B, task 'B' waits for lock of A." == (
        found.explanation
    )
    assert (RUN, 7, "planner", NOW + S // 2) == (found.run_id, found.span_id, found.agent_name, found.onset_ns)
    assert [["app.py:3 f"], "0000000000000007"] == [
        found.evidence["waits"][1]["stack"],
        found.evidence["waits"][0]["call"],
    ]


def test_one_look_proves_nothing(detector):
    """Waits that cross for a moment look the same."""
    assert [] == see(detector, 2, wait("A", "B"), wait("B", "A"))


def test_a_circle_that_was_closed_just_now_proves_nothing(detector):
    """A second must have passed."""
    circle = wait("A", "B"), wait("B", "A", 2)
    see(detector, 2, *circle)

    assert [0, 1] == [len(see(detector, at_s, *circle)) for at_s in (2.9, 3.0)]


def test_waits_that_began_anew_are_another_circle(detector):
    """They went on meanwhile."""
    see(detector, 2, wait("A", "B"), wait("B", "A"))

    assert [] == see(detector, 3.1, wait("A", "B", 3), wait("B", "A"))


def test_a_circle_that_is_gone_is_quiet_and_must_be_seen_twice_again(detector):
    """What was broken up once has nothing to do with what comes later."""
    circle = (wait("A", "B"), wait("B", "A"))
    see(detector, 2, *circle)
    see(detector, 3, *circle)

    assert [[], []] == [see(detector, 4), see(detector, 5, *circle)]


@pytest.mark.parametrize(
    "waits",
    [
        (wait("A", "B"), wait("B", "C")),
        (wait("A", "B"), wait("B", "A", is_allowed=True)),
        (wait("A", "B"), wait("B", None)),
    ],
)
def test_chains_and_allowed_waits_close_no_circle(detector, waits):
    """Somebody can go on."""
    assert [[], []] == [see(detector, at_s, *waits) for at_s in (2, 4)]


def test_who_waits_for_itself_is_a_circle_of_one(detector):
    """A lock that is not re-entrant, taken twice."""
    see(detector, 2, wait("A", "A"))
    (found,) = see(detector, 3, wait("A", "A"))

    assert found.explanation.startswith("1 waits in a circle")


def test_two_circles_are_two_findings(detector):
    """They are nothing to each other."""
    waits = (wait("A", "B"), wait("B", "A"), wait("C", "D"), wait("D", "C"))
    see(detector, 2, *waits)

    assert 2 == len({found.key for found in see(detector, 3, *waits)})
