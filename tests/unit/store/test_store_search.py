"""Words are found in names, errors and content, with the index or without it."""

from __future__ import annotations

import pytest

from foretell.model.kinds import Kind, Outcome
from foretell.model.log import LogRecord
from foretell.model.payload import Payload
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store.retention import Retention
from foretell.store.search import has_index_support, update_index


@pytest.fixture(params=["with index", "without index"])
def search(request, store, open_store, sink, make):
    """Finds the names of runs. Read-only nobody can make the index, so every letter is looked at."""

    def find(text):
        reader = StoreReader(store if request.param == "with index" else open_store(read_only=True))
        return {run.name for run in reader.find_runs(RunQuery(text=text))}

    calls = []
    for name, kind, text, error in (
        ("alpha", Kind.TOOL, '{"city":"Paris"}', None),
        ("beta", Kind.LLM, '{"city":"Rome","state":"100%_sure"}', "connection refused by host-7"),
        ("gamma", Kind.STEP, '"nothing"', None),
    ):
        root = make.ended_root(name)
        below = make.below(root, kind, f"{name}_step", output_payload=Payload(text, len(text)))
        calls += [make.end(below, Outcome.ERROR if error else Outcome.OK, error), root]
    sink.take(calls)
    sink.write()
    return find


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Paris", {"alpha"}),
        ("paris", {"alpha"}),
        ("city", {"alpha", "beta"}),
        ("city Rome", {"beta"}),
        ("Paris Rome", set()),
        ("refused", {"beta"}),
        ("refus", {"beta"}),
        ("host-7", {"beta"}),
        ("100%_sure", {"beta"}),
        ("gamma", {"gamma"}),
        ("xyz", set()),
        ('pa"ris', set()),
        ("AND", set()),
    ],
)
def test_a_call_is_found_when_it_holds_every_word(search, text, found):
    assert found == search(text)


def test_new_calls_are_found_at_once(search, sink, make):
    before = search("later")
    sink.take([make.ended_root("later")])
    sink.write()

    assert (set(), {"later"}) == (before, search("later"))


def test_writing_pays_nothing_for_search(store, sink, make):
    """Until somebody searches there is no index."""
    sink.take([make.ended_root()])
    sink.write()
    with store.reading() as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'call_words%'").fetchone()[0]

    assert 0 == tables


def test_progress_is_told(store, sink, make):
    root = make.ended_root()
    sink.take([root, *(make.end(make.below(root)) for _ in range(1_199))])
    sink.flush(10)
    told = []
    update_index(store, lambda done, total: told.append((done, total)))

    assert [(500, 1200), (1000, 1200), (1200, 1200)] == told


def test_an_index_of_removed_calls_is_dropped_and_made_again(store, sink, make, clock):
    """What retention removed is not found, and takes no place for long."""
    sink.take([make.ended_root("old")])
    sink.write()
    reader = StoreReader(store)
    found = [len(list(reader.find_runs(RunQuery(text="old"))))]
    clock.pass_s(31 * 86_400)
    sink.take([make.ended_root("young")])
    sink.write()
    Retention(store).step(clock.now)
    found += [len(list(reader.find_runs(RunQuery(text=text)))) for text in ("old", "young")]

    assert [1, 0, 1] == found


def test_this_sqlite_has_an_index(store):
    """Else the tests above prove only half of it."""
    with store.reading() as connection:
        assert has_index_support(connection)


def test_a_run_is_found_by_what_it_logged(search, store, sink, reader):
    """One line must hold every word; lines that came after the index was made are found too."""
    runs = {run.name: run.id for run in reader.find_runs(RunQuery())}
    line = LogRecord(5, 13, "WARNING", "carrier slow", attributes={"city": "Oslo"}, run_id=runs["alpha"])
    sink.take_logs(
        [line, LogRecord(6, 13, "WARNING", "carrier away", run_id=runs["gamma"]), LogRecord(7, 9, "", "slow")]
    )
    sink.write()
    found = [search("carrier slow"), search("carrier"), search("oslo"), search("slow away")]
    sink.take_logs([LogRecord(8, 13, "WARNING", "carrier back", run_id=runs["beta"])])
    sink.write()

    assert [{"alpha"}, {"alpha", "gamma"}, {"alpha"}, set()] == found
    assert {"beta"} == search("carrier back")
