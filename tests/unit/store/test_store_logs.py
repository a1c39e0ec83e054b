"""Log lines are stored with their run, read back as they were, and bounded."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from foretell.model.log import LogRecord
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store import migrations, opening
from foretell.store.retention import Retention, used_bytes
from foretell.store.store import Store
from foretell.store.writing.buffer import BufferLimits
from foretell.store.writing.writer import StoreSink

START_NS = 1_700_000_000_000_000_000
LINE = LogRecord(
    START_NS, 13, "WARNING", "slow answer", attributes={"tries": 2, "to": ["a"]}, source="tool", logger="x"
)


def write(sink, calls=(), logs=()):
    sink.take(calls)
    sink.take_logs(logs)
    sink.write()


def bodies(store):
    with store.reading() as connection:
        return [row[0] for row in connection.execute("SELECT body FROM logs ORDER BY key")]


def sweep(retention, clock):
    while retention.step(clock.now):
        pass


def test_a_run_has_its_log_lines_in_order_of_time(make, sink, reader):
    root = make.ended_root()
    tool = make.end(make.below(root))
    below = replace(LINE, run_id=root.run_id, span_id=tool.span_id, trace_id=tool.trace_id)
    early = replace(below, time_ns=START_NS - 1, event_name="begun", span_id=root.span_id)
    write(sink, [tool, root], [below, early, replace(LINE, run_id="f" * 16), LINE])

    assert (early, below) == reader.load_run(root.run_id).logs


def test_ids_over_63_bits_survive(make, sink, reader):
    root = make.ended_root(span_id=(1 << 64) - 1)
    line = replace(LINE, run_id=root.run_id, span_id=root.span_id, trace_id=root.trace_id)
    write(sink, [root], [line])

    assert (line,) == reader.load_run(root.run_id).logs


def test_the_lines_of_an_open_run_can_be_read(make, sink, reader):
    """And of one whose line is written only later."""
    root = make.root()
    write(sink, [], [replace(LINE, run_id=root.run_id)])
    sink.take_open([root])
    sink.write()

    assert ["slow answer"] == [line.body for line in reader.load_run(root.run_id).logs]


def test_lines_alone_make_no_run(sink, reader):
    write(sink, [], [replace(LINE, run_id="f" * 16), LINE])

    assert [] == list(reader.find_runs(RunQuery()))


def test_what_sqlite_cannot_hold_is_replaced(make, sink, reader):
    root = make.ended_root()
    write(
        sink, [root], [replace(LINE, body="half \ud800", attributes={"k": "\ud800", "n": 10**30}, run_id=root.run_id)]
    )
    (line,) = reader.load_run(root.run_id).logs

    assert ("half ?", {"k": "\ud800", "n": 10**30}) == (line.body, line.attributes)


def test_a_line_that_cannot_be_written_costs_only_itself(sink, store):
    write(sink, [], [replace(LINE, attributes={("a",): 1}), LINE])

    assert (["slow answer"], {"unreadable": 1}) == (bodies(store), dict(sink.dropped))


def test_while_the_store_is_away_the_oldest_lines_go_before_any_call(make, open_store, directory):
    """A chatty program does not lose its calls by what it logs."""
    store = open_store()
    sink = StoreSink(store, service_name="shop", limits=BufferLimits(rows=100))
    blocker = sqlite3.connect(directory / "store.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    root = make.ended_root()
    sink.take([root, *(make.end(make.below(root)) for _ in range(49))])
    for number in range(40):
        sink.take_logs([replace(LINE, body=f"{number}.{part}", run_id=root.run_id) for part in range(10)])
    blocker.execute("ROLLBACK")
    sink.flush(10)
    blocker.close()
    run = StoreReader(store).load_run(root.run_id)

    assert (50, True, "39.9") == (len(run.calls), 0 < len(run.logs) <= 50, run.logs[-1].body)
    assert {"store_unavailable_logs": 400 - len(run.logs)} == dict(sink.dropped)


def test_lines_go_with_their_run(make, sink, store, clock):
    root = make.ended_root()
    write(sink, [root], [replace(LINE, run_id=root.run_id)] * 4_500)
    clock.pass_s(31 * 86_400)
    sweep(Retention(store), clock)

    assert [] == bodies(store)


@pytest.mark.parametrize("run_id", [None, "f" * 16])
def test_old_lines_of_no_run_go_by_age(sink, store, clock, run_id):
    """Also those whose run was never written."""
    write(sink, [], [replace(LINE, run_id=run_id)] * 4_500)
    clock.pass_s(31 * 86_400)
    write(sink, [], [replace(LINE, run_id=run_id, body="new", time_ns=clock.now)])
    retention = Retention(store)
    for _ in range(4):  # what belongs to a run that is not here is found a little at each look
        sweep(retention, clock)

    assert ["new"] == bodies(store)


def test_lines_of_a_run_that_goes_on_stay(make, sink, store, clock):
    root = make.root()
    sink.take_open([root])
    write(sink, [], [replace(LINE, run_id=root.run_id)])
    clock.pass_s(40 * 86_400)
    sweep(Retention(store), clock)

    assert ["slow answer"] == bodies(store)


def test_while_the_store_is_too_large_older_lines_of_no_run_go_first(make, sink, store, reader, clock):
    """Then runs, oldest first, and lines from between them."""
    write(sink, [], [replace(LINE, body="x" * 500)] * 5_000)
    clock.pass_s(60)
    write(sink, [make.ended_root("kept")], [replace(LINE, body="kept", time_ns=clock.now + 1)])
    with store.reading() as connection:
        limit = used_bytes(connection) // 2
    sweep(Retention(store, limit_bytes=limit), clock)

    assert ["kept"] == [run.name for run in reader.find_runs(RunQuery())]
    assert (True, "kept") == (len(bodies(store)) < 3_001, bodies(store)[-1])


def test_lines_of_no_run_alone_are_bounded_too(sink, store, clock):
    """A server without runs does not fill the disk."""
    write(sink, [], [replace(LINE, body="x" * 500)] * 5_000)
    with store.reading() as connection:
        limit = used_bytes(connection) // 2
    sweep(Retention(store, limit_bytes=limit), clock)
    with store.reading() as connection:
        assert used_bytes(connection) <= limit


def test_a_store_from_before_there_were_logs_is_upgraded(directory, clock, make):
    """With everything that is in it."""
    directory.mkdir()
    connection = sqlite3.connect(directory / "store.db", isolation_level=None)
    opening.upgrade(connection, directory / "store.db", migrations.MIGRATIONS[:1])
    connection.execute("INSERT INTO marks VALUES ('old', 7)")
    connection.close()
    store = Store.open(directory, now_ns=clock)
    sink = StoreSink(store, service_name="shop")
    root = make.ended_root()
    write(sink, [root], [replace(LINE, run_id=root.run_id)])
    with store.reading() as connection:
        mark = connection.execute("SELECT value FROM marks WHERE name = 'old'").fetchone()
    logs = StoreReader(store).load_run(root.run_id).logs
    store.close()

    assert ((7,), ["slow answer"]) == (mark, [line.body for line in logs])
