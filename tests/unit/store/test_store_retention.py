"""Old runs go, then the oldest while the store is too large; what goes, goes whole."""

from __future__ import annotations

import pytest

from foretell.model.facts import Score
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.payload import Payload
from foretell.model.run import RunQuery
from foretell.store.opening import PAGE_BYTES
from foretell.store.outbox import Outbox
from foretell.store.retention import DAY_NS, Retention, used_bytes
from foretell.store.writing.writer import StoreSink

TABLES = ("runs", "calls", "blobs", "blob_uses", "findings", "scores", "outbox", "processes")


def write(sink, *calls):
    sink.take(calls)
    sink.write()


def sweep(retention, clock):
    steps = 1
    while retention.step(clock.now):
        steps += 1
    return steps


def names(reader):
    return {run.name for run in reader.find_runs(RunQuery(limit=10_000))}


def counts(store):
    with store.reading() as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


def test_old_runs_go(make, sink, store, reader, clock):
    write(sink, make.ended_root("old"))
    clock.pass_s(31 * 86_400)
    write(sink, make.ended_root("new"))
    sweep(Retention(store), clock)

    assert {"new"} == names(reader)


def test_imported_runs_are_as_old_as_their_import(make, sink, store, reader, clock):
    """What began long ago but was written today was wanted today."""
    write(sink, make.ended_root("ancient", start_ns=5))
    sweep(Retention(store), clock)

    assert {"ancient"} == names(reader)


def test_everything_about_an_old_run_goes_with_it(make, sink, store, clock):
    root = make.ended_root(input_payload=Payload('"x"', 9, is_truncated=True, blob_sha256="ab" * 32, blob=b"the whole"))
    sink.take_scores([Score("good", 1.0, run_id=root.run_id), Score("stray", 1.0, time_ns=5)])
    sink.take_findings([Finding("stall", "k", Severity.INFO, Verdict.FIRING, 1, None, "", "", 1.0, run_id=root.run_id)])
    write(sink, root)
    sink.close()
    Outbox(store, 100).put("traces", b"late")
    before = counts(store)
    clock.pass_s(31 * 86_400)
    sweep(Retention(store), clock)

    assert ([1, 1, 1, 1, 1, 2, 1, 1], [0] * 8) == (before, counts(store))


def test_a_body_that_a_newer_run_uses_stays(make, sink, store, reader, clock):
    body = Payload('"x"', 9, is_truncated=True, blob_sha256="ab" * 32, blob=b"the whole")
    write(sink, make.ended_root(input_payload=body))
    clock.pass_s(31 * 86_400)
    write(sink, make.ended_root(input_payload=body))
    sweep(Retention(store), clock)

    assert b"the whole" == reader.load_blob("ab" * 32)


def test_a_run_with_an_open_call_stays(make, sink, store, reader, clock):
    """However old it is."""
    sink.take_open([make.root("long")])
    sink.write()
    clock.pass_s(40 * 86_400)
    sweep(Retention(store), clock)

    assert {"long"} == names(reader)


def test_the_oldest_go_while_the_store_is_too_large(make, sink, store, reader, clock):
    """Down to a little under the limit, and the file shrinks."""
    for number in range(200):
        write(sink, make.ended_root(f"n{number}", input_payload=Payload('"' + "x" * 20_000 + '"', 20_002)))
    with store.reading() as connection:
        size = used_bytes(connection)
    sweep(Retention(store, limit_bytes=size // 2), clock)
    left = names(reader)
    with store.reading() as connection:
        after = used_bytes(connection)
        pages = connection.execute("PRAGMA page_count").fetchone()[0] * PAGE_BYTES

    assert left == {f"n{number}" for number in range(200 - len(left), 200)}
    assert size * 0.4 < after <= size // 2
    assert pages < size * 0.6


def test_a_huge_run_goes_in_steps(make, sink, store, reader, clock):
    """No step holds the store for long."""
    root = make.ended_root("huge")
    write(sink, root, *(make.end(make.below(root)) for _ in range(1_800)))
    clock.pass_s(31 * 86_400)
    steps = sweep(Retention(store), clock)

    assert (True, set()) == (steps >= 4, names(reader))


@pytest.mark.parametrize(("hours", "left"), [(0.5, {"late"}), (1.5, set())])
def test_the_sink_sweeps_at_its_start_and_each_hour(make, store, reader, clock, hours, left):
    sink = StoreSink(store, service_name="shop", retention=Retention(store, max_age_ns=DAY_NS // 48))
    write(sink, make.ended_root("late"))
    clock.pass_s(hours * 3600)
    sink.write()

    assert left == names(reader)
