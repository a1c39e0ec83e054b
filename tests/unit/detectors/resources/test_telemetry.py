"""Lost telemetry, and redaction that failed."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.redaction_failure import RedactionFailure
from foretell.detectors.resources.telemetry_gap import TelemetryGap
from foretell.model.samples import TelemetrySample

S = 1_000_000_000
NOW = 1_700_000_000 * S


@pytest.fixture
def gap():
    return TelemetryGap({"min_dropped": 2, "window_s": 600})


@pytest.fixture
def failure():
    return RedactionFailure({"min_failures": 1, "window_s": 600})


def see(detector, at_s, **counts):
    at_ns = NOW + int(at_s * S)
    detector.take_telemetry(TelemetrySample(at_ns, {name.replace("__", "."): n for name, n in counts.items()}))
    return list(detector.judge(at_ns))


def test_what_is_dropped_is_told_with_its_reason(gap):
    """Signal and reason stand in the count's name."""
    see(gap, 0, dropped__calls__queue_full=0)
    (found,) = see(gap, 1, dropped__calls__queue_full=5)

    assert (
        "5 calls were dropped (queue full) within 600 s (limit 2): what is shown is not the whole." == found.explanation
    )
    assert ("calls.queue_full", NOW + S) == (found.key, found.onset_ns)


def test_what_was_dropped_before_the_first_look_counts(gap):
    """Counts begin at 0 with the process."""
    assert 1 == len(see(gap, 0, dropped__calls__queue_full=5))


def test_less_than_the_limit_is_quiet(gap):
    """A single one, here."""
    assert [] == see(gap, 0, dropped__calls__queue_full=1)


def test_losses_within_the_window_add_up(gap):
    """Two, one after the other."""
    see(gap, 0, dropped__logs__queue_full=1)

    assert 1 == len(see(gap, 500, dropped__logs__queue_full=2))


def test_it_ends_when_nothing_was_lost_for_the_window(gap):
    """Though the count stays where it is."""
    see(gap, 0, dropped__logs__queue_full=9)

    assert [1, 0] == [len(see(gap, at_s, dropped__logs__queue_full=9)) for at_s in (600, 601)]


def test_a_count_that_fell_began_anew(gap):
    """In a forked child."""
    see(gap, 0, dropped__logs__queue_full=1)

    assert [] == see(gap, 1, dropped__logs__queue_full=0)


def test_other_counts_are_no_loss(gap):
    """Truncated, redacted, retried."""
    assert [] == see(gap, 0, truncated__payloads__cap=99, redacted__email=99, fault__probe=9)


def test_silence_while_calls_end_is_a_gap(gap):
    """Something was exported before, so it should go on."""
    see(gap, 0, exported__traces=1, ended__calls=1)
    for at_s in range(100, 700, 100):
        assert [] == see(gap, at_s, exported__traces=1, ended__calls=1 + at_s)
    (found,) = see(gap, 700, exported__traces=1, ended__calls=701)

    assert "Nothing was exported for 700 s (limit 600 s), while 700 calls ended." == found.explanation
    assert [] == see(gap, 701, exported__traces=2, ended__calls=701)


@pytest.mark.parametrize("counts", [{"ended__calls": 5}, {"exported__traces": 5}])
def test_who_exports_nothing_or_has_nothing_to_export_is_quiet(gap, counts):
    """No collector, or no calls."""
    for at_s in range(0, 3_000, 100):
        assert [] == see(gap, at_s, **{name: 5 + (at_s if name == "ended__calls" else 0) for name in counts})


def test_a_clock_that_is_set_makes_no_silence(gap):
    """Nobody knows how long ago the last export was."""
    see(gap, 0, exported__traces=1, ended__calls=1)

    assert [] == see(gap, 86_400, exported__traces=1, ended__calls=2)


@pytest.mark.parametrize("name", ["errors__redaction__rule", "fault__redaction__logs"])
def test_redaction_that_fails_is_told(failure, name):
    """On calls, on logs."""
    (found,) = see(failure, 0, **{name: 3})

    assert found.explanation.endswith("failed 3 times within 600 s (limit 1); the content was withheld.")


def test_redaction_that_works_is_no_failure(failure):
    """Neither are other faults."""
    assert [] == see(failure, 0, redacted__email=9, errors__refine=2, fault__store=1)
