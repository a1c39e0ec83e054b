"""Paused runs in the store: seen and resumed by others, and gone with their process."""

from __future__ import annotations

import pytest

from foretell.store.aborts import settle_dead
from foretell.store.processes import register_process, say_goodbye
from foretell.store.writing.pauses import Pause, PauseBook, ask_to_resume, list_pauses

PAUSE = Pause("a" * 16, "agent_loop", "4 times.", 5, 9)
OTHER = Pause("b" * 16, "stall", "Silent.", 6, 9)


@pytest.fixture
def book(store):
    return PauseBook(store, "desk")


def test_a_paused_run_can_be_seen(store, book):
    book.sync({PAUSE.run_id: PAUSE})

    assert [PAUSE] == list_pauses(store)


def test_the_newest_pause_comes_first(store, book):
    book.sync({PAUSE.run_id: PAUSE, OTHER.run_id: OTHER})

    assert [OTHER, PAUSE] == list_pauses(store)


def test_it_is_gone_when_the_run_goes_on(store, book):
    book.sync({PAUSE.run_id: PAUSE})
    book.sync({})

    assert [] == list_pauses(store)


def test_whoever_paused_it_hears_that_it_may_go_on(store, book):
    book.sync({PAUSE.run_id: PAUSE, OTHER.run_id: OTHER})
    assert ask_to_resume(store, PAUSE.run_id)

    assert [PAUSE.run_id] == book.sync({PAUSE.run_id: PAUSE, OTHER.run_id: OTHER})


def test_a_run_that_is_paused_again_waits_again(store, book):
    book.sync({PAUSE.run_id: PAUSE})
    ask_to_resume(store, PAUSE.run_id)
    book.sync({})

    assert [] == book.sync({PAUSE.run_id: PAUSE})


def test_a_run_that_nobody_paused_cannot_be_resumed(store):
    assert not ask_to_resume(store, PAUSE.run_id)


def end_process(store):
    with store.transaction() as connection:
        say_goodbye(connection, register_process(connection, "desk", 1), 2)


def test_the_pause_of_a_process_that_is_gone_does_not_linger(store, book):
    book.sync({PAUSE.run_id: PAUSE})
    end_process(store)

    assert [] == list_pauses(store)
    with store.reading() as connection:
        assert 0 == connection.execute("SELECT count(*) FROM pauses").fetchone()[0]


def test_nobody_is_there_to_be_resumed_in_a_process_that_is_gone(store, book):
    book.sync({PAUSE.run_id: PAUSE})
    end_process(store)

    assert not ask_to_resume(store, PAUSE.run_id)


def test_reading_runs_takes_the_pauses_of_the_dead_away(store, book):
    book.sync({PAUSE.run_id: PAUSE})
    end_process(store)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO open_calls (run, process, id, kind, outcome, start_ns) VALUES (1, 1, 7, 'tool', 'open', 1)"
        )
    settle_dead(store)

    with store.reading() as connection:
        assert 0 == connection.execute("SELECT count(*) FROM pauses").fetchone()[0]
