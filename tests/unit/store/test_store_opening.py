"""A store is made, shared, upgraded or refused; a refused file is not touched."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from datetime import date

import pytest

from foretell.errors import StoreError
from foretell.model.facts import AgentTotals, ErrorFacts, InferenceFacts, Session
from foretell.model.usage import Cost, Usage
from foretell.readers.store import StoreReader
from foretell.store.migrations import MIGRATIONS, VERSION
from foretell.store.opening import upgrade


def raw(store_or_dir):
    directory = getattr(store_or_dir, "directory", store_or_dir)
    return sqlite3.connect(directory / "store.db", isolation_level=None)


def test_a_new_store_is_ours_and_current(store):
    """The file says whose it is and which layout it has, writes ahead, and can shrink."""
    connection = raw(store)
    found = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version", "journal_mode", "auto_vacuum")
    ]
    connection.close()
    assert [0x46525454, VERSION, "wal", 2] == found


def test_recordings_stay_out_of_git(store):
    """The directory that we make ignores itself."""
    assert "*\n" == (store.directory / ".gitignore").read_text()


def test_a_directory_that_exists_gets_no_gitignore(tmp_path, open_store):
    """A directory that was not made by us may hold the user's own files."""
    open_store(tmp_path)

    assert [] == [path.name for path in tmp_path.iterdir() if path.name == ".gitignore"]


def test_a_damaged_file_is_refused_and_untouched(directory, open_store):
    content = b"this is not a database at all, but it is long enough to look like one" * 10
    directory.mkdir()
    (directory / "store.db").write_bytes(content)

    with pytest.raises(StoreError, match=r"is damaged .*nothing in it was touched"):
        open_store()

    assert content == (directory / "store.db").read_bytes()


def test_a_newer_store_is_refused_and_untouched(store, open_store):
    store.close()
    connection = raw(store)
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    connection.close()
    before = store.file.read_bytes()

    with pytest.raises(StoreError, match=re.escape(f"layout {VERSION + 1}, this one knows {VERSION}")):
        open_store()

    assert before == store.file.read_bytes()


def test_somebody_elses_database_is_refused_and_untouched(directory, open_store):
    directory.mkdir()
    connection = raw(directory)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = (directory / "store.db").read_bytes()

    with pytest.raises(StoreError, match="not one of Foretell's"):
        open_store()

    assert before == (directory / "store.db").read_bytes()


def test_a_file_in_place_of_the_directory_is_one_clear_error(directory, open_store):
    directory.write_text("in the way")

    with pytest.raises(StoreError, match=r"cannot be made: .*\n.*FORETELL_STORE"):
        open_store()


def test_reading_where_nothing_is_makes_nothing(directory, open_store):
    with pytest.raises(StoreError, match=r"There is no store at .*\n.*foretell run"):
        open_store(read_only=True)

    assert not directory.exists()


def test_an_interrupted_upgrade_starts_again(directory, open_store):
    """A process killed between making the file and its tables leaves an empty file, which is completed."""
    directory.mkdir()
    connection = raw(directory)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()

    store = open_store()

    assert 32 == len(store.identity_key())


def test_every_step_can_be_split_into_statements():
    """Migrations are run one statement at a time, inside one transaction."""
    pieces = [piece for step in MIGRATIONS for piece in step.split(";\n")]

    assert [] == [piece for piece in pieces if piece.strip() and not sqlite3.complete_statement(piece + ";")]


def test_the_identity_key_is_the_stores_own(store, open_store, tmp_path):
    again, other = open_store(), open_store(tmp_path / "other")

    assert (True, False) == (
        store.identity_key() == again.identity_key(),
        store.identity_key() == other.identity_key(),
    )


def test_a_closed_store_says_so(store):
    store.close()

    with pytest.raises(StoreError, match="was closed"):
        store.identity_key()


_OPEN = """
import sys, time
from pathlib import Path
from foretell.store.store import Store
print(Store.open(Path(sys.argv[1]), now_ns=time.time_ns).identity_key().hex())
"""


def test_many_processes_may_make_the_store_at_once(directory):
    """Each gets the same store; none fails."""
    command = [sys.executable, "-c", _OPEN, str(directory)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert (1, 64, [0] * 6) == (len(set(keys)), len(keys[0]), [process.returncode for process in processes])


def test_a_read_only_store_cannot_be_written(store, open_store):
    read_only = open_store(read_only=True)

    with pytest.raises(sqlite3.OperationalError, match="readonly"), read_only.transaction() as connection:
        connection.execute("DELETE FROM runs")


def test_a_second_step_is_applied_once(store):
    """A store that has the first step gets the second, and keeps what it holds."""
    key = store.identity_key()
    tomorrow = (*MIGRATIONS, "CREATE TABLE later (x);\nINSERT INTO later VALUES (1);\n")
    for _ in range(2):
        connection = raw(store)
        upgrade(connection, store.file, tomorrow)
        found = connection.execute("SELECT x FROM later").fetchall()
        connection.close()

    assert ([(1,)], key) == (found, store.identity_key())


def test_a_step_that_fails_leaves_the_store_as_it_was(store):
    connection = raw(store)
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        upgrade(connection, store.file, (*MIGRATIONS, "CREATE TABLE later (x);\nNONSENSE;\n"))
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()

    assert (0, VERSION) == (tables, version)


_OLDER_ROWS = """
INSERT INTO runs (key, run_id, root, name, start_ns, outcome, calls, errors, input_tokens, output_tokens, unpriced, seen_ns)
    VALUES (1, '0000000000000001', 2, 'planner', 5, 'ok', 2, 0, 10, 5, 0, 9);
INSERT INTO calls (key, run, id, trace_id, kind, name, outcome, start_ns, end_ns, provider, request_model, error_type,
    error_message, identity, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    cost_usd, cost_source, price_date, session, facts, input) VALUES
    (7, 1, 2, x'01', 'llm', 'gpt-4o', 'error', 5, 8, 'openai', 'gpt-4o', 'ValueError', 'bad\nworse', 'cafe', 10, 0, 0, 5, 0,
    0.5, 'override', '2025-01-02', '["s-1",null,null,[["team","blue"]]]',
    '{"facts":{"finish_reasons":["stop"]},"stacktrace":"Traceback","trace_flags":0}', '"hello"'),
    (8, 1, 1, x'01', 'agent', 'planner', 'ok', 5, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, '{"totals":{"inference_calls":1}}', NULL);
"""


def test_calls_of_an_older_layout_are_still_there(directory, open_store):
    """All that had a column of its own is found among the facts, and keys go on from where they were."""
    directory.mkdir()
    connection = raw(directory)
    upgrade(connection, directory / "store.db", MIGRATIONS[:2])
    for statement in _OLDER_ROWS.split(";\n"):
        connection.execute(statement)
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'calls'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('calls', 40)")
    connection.close()
    store = open_store()
    agent, llm = sorted(StoreReader(store).load_run("0000000000000001").calls, key=lambda call: call.id)
    with store.transaction() as writing:
        writing.execute("INSERT INTO calls (run, id, kind, outcome, start_ns) VALUES (1, 3, 'tool', 'ok', 5)")
        key = writing.execute("SELECT max(key) FROM calls").fetchone()[0]

    assert (
        InferenceFacts("openai", request_model="gpt-4o", finish_reasons=("stop",)),
        ErrorFacts("ValueError", "bad\nworse", "Traceback"),
        Usage(10, output=5),
        Cost(0.5, "override", date(2025, 1, 2)),
        Session("s-1", tags=(("team", "blue"),)),
        ("cafe", 0, '"hello"'),
    ) == (
        llm.facts,
        llm.error,
        llm.usage,
        llm.cost,
        llm.session,
        (llm.identity, llm.trace_flags, llm.input_payload.text),
    )
    assert (AgentTotals(1), None, 41) == (agent.totals, agent.facts, key)
