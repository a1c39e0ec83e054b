"""The doctor sees how the store is, whatever its state, and touches nothing."""

from __future__ import annotations

from foretell.store.health import find_blocker, inspect_health
from foretell.store.migrations import VERSION
from foretell.store.outbox import Outbox
from foretell.store.writing.writer import StoreSink


def test_a_living_store_is_counted(make, store, clock, directory):
    sink = StoreSink(store, service_name="shop", counts=lambda: {"dropped": 2})
    root = make.root()
    sink.take_open([root])
    sink.take([make.end(make.below(root))])
    sink.write()
    clock.pass_s(2)
    sink.write()
    Outbox(store, 100).put("traces", b"12345")
    health = inspect_health(directory, now_ns=clock, check_integrity=True)

    assert (True, VERSION, 1, 1, 1, 1, 5) == (
        health.exists, health.layout, health.run_count, health.call_count, health.open_count, health.outbox_count,
        health.outbox_bytes,
    )  # fmt: skip
    assert (["shop"], {"dropped": 2}, []) == (
        [process.service_name for process in health.alive], health.counts, health.problems
    )  # fmt: skip
    assert (True, True) == (health.size_bytes > 0, health.wal_bytes > 0)


def test_a_process_that_ended_is_not_alive(make, sink, clock, directory):
    sink.take([make.ended_root()])
    sink.write()
    sink.close()
    health = inspect_health(directory, now_ns=clock)

    assert (1, 0) == (len(health.processes), len(health.alive))


def test_no_store_is_said_and_none_is_made(directory, clock):
    health = inspect_health(directory, now_ns=clock)

    assert (False, 1, False) == (health.exists, len(health.problems), directory.exists())


def test_a_damaged_store_is_said(directory, clock):
    directory.mkdir()
    (directory / "store.db").write_bytes(b"garbage" * 1000)
    health = inspect_health(directory, now_ns=clock)

    assert (True, 7000, True) == (health.exists, health.size_bytes, "is damaged" in health.problems[0])


def test_damage_inside_is_found_on_request(make, sink, store, clock, directory):
    """The header is fine, a page is not."""
    root = make.ended_root()
    sink.take([root, *(make.end(make.below(root)) for _ in range(500))])
    sink.flush(10)
    store.close()
    content = bytearray(store.file.read_bytes())
    content[-40_000:] = b"\xff" * 40_000
    store.file.write_bytes(content)

    assert inspect_health(directory, now_ns=clock, check_integrity=True).problems


def test_a_store_somebody_is_in_the_way_of_is_said(directory, clock):
    directory.write_text("in the way")

    assert 1 == len(inspect_health(directory, now_ns=clock).problems)


def test_a_place_where_no_store_can_be_is_named(tmp_path):
    (tmp_path / "notes").write_text("a file")

    assert find_blocker(tmp_path / "notes") == find_blocker(tmp_path / "notes" / "deep" / "store")
    assert f"{tmp_path / 'notes'} is no directory" in find_blocker(tmp_path / "notes")
    assert "" == find_blocker(tmp_path / "new" / "store")
