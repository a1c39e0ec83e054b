"""Self-counts."""

from __future__ import annotations

from foretell.export.counts import Counts


def test_items_are_summed_by_signal_and_reason():
    """The same signal dropped for two reasons is two numbers and one total."""
    counts = Counts()
    counts.count("dropped", "spans", "buffer_full", 3)
    counts.count("dropped", "spans", "rejected")
    counts.count("dropped", "logs", "rejected")

    assert {("spans", "buffer_full"): 3, ("spans", "rejected"): 1, ("logs", "rejected"): 1} == counts.snapshot()[
        "dropped"
    ]
    assert 4 == counts.total("dropped", "spans")
    assert 5 == counts.total("dropped")


def test_a_snapshot_does_not_change_afterwards():
    """Whoever reads the numbers owns what was read."""
    counts = Counts()
    before = counts.snapshot()
    counts.count("started", "calls")

    assert {} == before["started"]


def test_only_the_first_error_of_its_type_in_a_hook_is_new():
    """A fault that repeats is said once and counted each time."""
    counts = Counts()

    assert [True, False, True] == [counts.count_error("take", error) for error in (KeyError(), KeyError(), OSError())]
    assert {("take", "KeyError"): 2, ("take", "OSError"): 1} == counts.snapshot()["errors"]


def test_after_a_reset_everything_is_zero():
    """A forked child does not repeat what its parent reports."""
    counts = Counts()
    counts.count("ended", "calls")
    counts.reset()

    assert 0 == counts.total("ended")
