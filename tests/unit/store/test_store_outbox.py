"""The outbox keeps what could not be sent: in order, bounded, and never given to two at once."""

from __future__ import annotations

import pytest

from foretell.store.outbox import Outbox


@pytest.fixture
def outbox(store):
    return Outbox(store, 1000)


def test_bodies_come_out_oldest_first(outbox):
    outbox.put("traces", b"one")
    outbox.put("logs", b"two")

    assert [("traces", b"one"), ("logs", b"two")] == [(signal, body) for _, signal, body in outbox.take(10)]


def test_what_does_not_fit_is_refused(outbox):
    """The caller counts it; what waits is not pushed out."""
    assert ([True, False, True], 1000) == ([outbox.put("traces", b"x" * n) for n in (900, 101, 100)], outbox.size_bytes)


def test_what_was_taken_is_given_to_nobody_else(outbox, open_store):
    """Not to another process either, for a minute."""
    other = Outbox(open_store(), 1000)
    for body in (b"1", b"2", b"3"):
        outbox.put("traces", body)
    mine, theirs = outbox.take(2), other.take(10)

    assert ([b"1", b"2"], [b"3"]) == ([row[2] for row in mine], [row[2] for row in theirs])


def test_what_a_dead_process_had_taken_is_given_again(outbox, clock):
    outbox.put("traces", b"1")
    outbox.take(1)
    clock.pass_s(59)
    soon = outbox.take(1)
    clock.pass_s(2)

    assert ([], [b"1"]) == (soon, [row[2] for row in outbox.take(1)])


def test_what_is_done_is_gone(outbox):
    for body in (b"1", b"2", b"3"):
        outbox.put("traces", body)
    outbox.done([key for key, _, _ in outbox.take(2)])

    assert (1, 1) == (len(outbox), outbox.size_bytes)


def test_what_is_given_back_is_free_at_once(outbox):
    outbox.put("traces", b"1")
    outbox.give_back([key for key, _, _ in outbox.take(1)])

    assert [b"1"] == [row[2] for row in outbox.take(1)]


def test_a_later_process_finds_it(outbox, store, open_store):
    outbox.put("traces", b"1")
    store.close()

    assert [b"1"] == [row[2] for row in Outbox(open_store(), 1000).take(1)]
