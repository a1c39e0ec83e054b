"""The gate of costs judges ratios, and lets nothing through that failed or lost spans."""

from __future__ import annotations

from bench.gate import Limit, find_excesses

LIMITS = (Limit("ours", "bare", caller=0.5, process=1.0),)


def rounds(*ours, **more):
    """Rows of as many rounds: the plain function takes 1, the bare SDK 11, ours what is given."""
    rows = []
    for number, us in enumerate(ours):
        for name, figure in (("plain", 1.0), ("bare", 11.0), ("ours", us)):
            rows.append(
                {"round": number, "variant": name, "caller_us": figure, "process_us": figure, "lost": 0, **more}
            )
    return rows


def test_what_is_cheap_passes():
    """In one round is enough: a busy machine makes all others dear."""
    assert [] == find_excesses(rounds(3.0), LIMITS)
    assert [] == find_excesses(rounds(30.0, 3.0, 40.0), LIMITS)


def test_what_is_dear_in_every_round_is_told():
    """Each figure that is over its limit."""
    assert ["ours: caller 0.70 of bare, at most 0.5"] == find_excesses(rounds(8.0, 9.0), LIMITS)
    assert 2 == len(find_excesses(rounds(20.0), LIMITS))


def test_lost_spans_and_failures_are_told():
    """Who loses spans saves their work."""
    assert ["ours: lost 3 spans"] == find_excesses(rounds(3.0, lost=3), LIMITS)
    failed = {"round": 1, "variant": "ours", "failed": "no such module"}
    assert ["ours: no such module"] == find_excesses([*rounds(3.0), failed], LIMITS)
