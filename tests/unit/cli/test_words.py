"""How numbers and times read on a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timezone

import pytest

from foretell.cli.render.words import (
    format_age,
    format_amount,
    format_clock,
    format_cost,
    format_count,
    format_duration,
    format_timestamp,
    say_outcome,
    shorten,
)
from foretell.model.kinds import Outcome
from tests.unit.cli.builders import make_root, make_run


def test_a_paused_run_says_for_what_it_waits():
    """As long as it is open."""
    run = make_run(make_root()).summary
    paused = replace(run, end_ns=None, outcome=Outcome.OPEN, paused_by="agent_loop")

    assert ("‖", "paused (agent_loop)", "yellow") == say_outcome(paused)
    assert ("…", "running", "cyan") == say_outcome(replace(paused, paused_by=None))
    assert ("✓", "ok", "green") == say_outcome(replace(run, paused_by="agent_loop"))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("–", None),
        ("0 µs", 0.0),
        ("85 µs", 0.000085),
        ("1 ms", 0.0009999),
        ("12 ms", 0.0124),
        ("1.00 s", 0.9999),
        ("2.41 s", 2.412),
        ("10.0 s", 9.996),
        ("1 m 00 s", 59.999),
        ("3 m 12 s", 192.4),
        ("1 h 04 m", 3840.0),
    ],
)
def test_a_duration_reads_in_the_unit_that_fits(said, seconds):
    assert said == format_duration(seconds)


@pytest.mark.parametrize(
    ("said", "usd"),
    [
        ("$0", 0.0),
        ("$0.0000025", 0.0000025),
        ("$0.0010", 0.001),
        ("$0.0012", 0.001234),
        ("$0.00021", 0.000213),
        ("$0.0123", 0.012345),
        ("$1.00", 0.99999),
        ("$1,234.50", 1234.5),
    ],
)
def test_a_small_amount_keeps_two_digits_that_mean_something(said, usd):
    assert said == format_amount(usd)


def test_an_unknown_cost_never_reads_as_zero():
    assert "unknown" == format_cost(None, unpriced_calls=2)
    assert "unknown" == format_cost(0.0, unpriced_calls=1)
    assert "≥ $0.0012" == format_cost(0.0012, unpriced_calls=1)


def test_a_known_cost_of_nothing_reads_as_zero_and_no_model_call_as_a_dash():
    assert "$0" == format_cost(0.0)
    assert "–" == format_cost(None)


@pytest.mark.parametrize(
    ("said", "number"), [("0", 0), ("1,834", 1834), ("184 k", 184_321), ("1.8 M", 1_834_000), ("2.0 G", 2_000_000_000)]
)
def test_a_count_never_takes_more_than_six_characters(said, number):
    assert said == format_count(number)


@pytest.mark.parametrize(
    ("said", "seconds"), [("now", 0), ("12 s ago", 12), ("5 m ago", 330), ("3 h ago", 11_000), ("4 d ago", 350_000)]
)
def test_an_age_reads_in_its_largest_unit(said, seconds):
    assert said == format_age(10**18, 10**18 + seconds * 10**9)


def test_times_are_local_for_people_and_utc_for_programs():
    assert "2026-09-21 14:13:20" == format_clock(1_790_000_000_123_456_789, timezone.utc)
    assert "2026-09-21T14:13:20.123456Z" == format_timestamp(1_790_000_000_123_456_789)


def test_a_shortened_text_is_one_line_that_fits():
    assert "one two" == shorten("one\n  two", 10)
    assert "one two t…" == shorten("one two three", 10)


def test_escape_sequences_of_others_do_not_reach_the_terminal() -> None:
    """A tool's answer may try to steer the terminal; it is shown, not obeyed."""
    assert "\N{REPLACEMENT CHARACTER}[2Jgone" == shorten("\x1b[2Jgone", 40)
    assert "a b" == shorten("a\nb", 40)
