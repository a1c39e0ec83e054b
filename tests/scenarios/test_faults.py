"""Whatever fails in recording, the program's results and exceptions are its own; each trouble is said once and kept."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import foretell
from foretell.store.migrations import APPLICATION_ID
from tests.contracts.collector import Collector

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="limits of files are POSIX's")]

PROGRAM = Path(__file__).parent / "programs" / "faulty.py"
SDK = Path(foretell.__file__).parent.parent
TIMEOUT_S = 60
"""Far more than any of them needs: whoever hangs fails here."""


class Place:
    """A directory in which programs record."""

    def __init__(self, directory):
        self.directory = directory
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        # A third of its calls fail on purpose: where the machine is busy it runs long enough for that to be told.
        ours = {"FORETELL_FLUSH_TIMEOUT_S": "3", "FORETELL_ACTIONS": "error_rate=off"}
        self.environment = {**clean, **ours, "PYTHONPATH": str(SDK), "COLUMNS": "300"}

    def start(self, *arguments, **settings):
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            cwd=self.directory, env={**self.environment, **settings}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments, **settings):
        return End(self.start(*arguments, **settings))

    def ask_doctor(self, *arguments, **settings):
        """What a later process says of it, for people and for programs."""
        command = [sys.executable, "-m", "foretell.cli", "doctor"]
        texts = [
            subprocess.run(
                [*command, *arguments, *more],
                cwd=self.directory, env={**self.environment, **settings}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
            ).stdout
            for more in ((), ("--json",))
        ]  # fmt: skip
        return texts[0], json.loads(texts[1])


class End:
    """How a program ended."""

    def __init__(self, process, line=None):
        try:
            stdout, stderr = process.communicate(line, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"hangs; it said {process.communicate()}") from None
        assert 0 == process.returncode, stderr
        self.results = json.loads(stdout.splitlines()[-1])
        self.said = [line for line in stderr.splitlines() if line != "a line"]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the work gives where nothing is recorded: decorators before `init()` are transparent."""
    bare = Place(tmp_path_factory.mktemp("bare")).run("bare")
    assert [] == bare.said
    assert 8 == len(bare.results)
    return bare.results


def assert_said_once(end, *kinds):
    """One line of ours for each kind, and nothing else."""
    assert len(kinds) == len(end.said), end.said
    for kind, line in zip(sorted(kinds), sorted(end.said), strict=True):
        assert line.startswith("foretell: ")
        assert kind in line


def assert_known_later(place, *names, **settings):
    """The self-counts of a process that has ended are there for the doctor, in text and in JSON."""
    text, shape = place.ask_doctor(**settings)
    for name in names:
        assert shape["counts"].get(name, 0) > 0, (name, shape["counts"])
        assert name.partition(".")[2] in text


def test_without_a_fault_nothing_is_said(place, expected):
    end = place.run("none")

    assert expected == end.results
    assert_said_once(end)
    assert {} == {
        name: n
        for name, n in place.ask_doctor()[1]["counts"].items()
        if name.startswith(("fault", "trouble", "dropped", "errors"))
    }


INSIDE = [
    ("price", ["in cost was"], ["fault.cost"]),
    ("redaction_function", ["A redaction rule or function has failed"], ["trouble.redaction.rule", "errors.redaction.rule"]),
    ("redactor", ["in redaction was", "in redaction.logs", "in redaction.scores"], ["fault.redaction", "fault.redaction.logs"]),
    ("clock_raises", ["in open was"], ["fault.open"]),
    ("wall_clock_raises", ["in clock was", "in open was"], ["fault.open", "fault.clock"]),
    ("clock_back", [], []),
    ("processor", ["in processor was", "in processor.start was"], ["fault.processor", "fault.processor.start"]),
    ("attached_processor", ["in span.end was"], ["fault.span.end"]),
    ("sink", ["in sink.metrics was"], ["fault.sink.metrics", "dropped.metrics.fault"]),
    ("queue", ["More ends than can be worked off"], ["trouble.queue.full", "dropped.calls.queue_full"]),
    ("full", ["store.db cannot be written"], ["trouble.store.failing"]),
    ("deleted", ["was deleted or replaced"], ["trouble.store.moved"]),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "said", "counted"), INSIDE, ids=[case[0] for case in INSIDE])
def test_a_fault_inside_changes_no_result_is_said_once_and_known_later(place, expected, fault, said, counted):
    end = place.run(fault)

    assert expected == end.results
    assert_said_once(end, *said)
    assert_known_later(place, *counted)


def test_hostile_values_pass_through_every_door_unchanged(place, expected):
    """What raises at any touch, lies about its class, or is far too large; only its size is worth a word."""
    end = place.run("hostile")

    assert [*expected, *expected] == end.results[: 2 * len(expected)]
    assert {"True"} == set(end.results[2 * len(expected) :])
    assert_said_once(end, "More ends than can be worked off")


# -- the store -------------------------------------------------------------------------------------------------------


def test_a_store_that_another_process_locks_is_written_when_it_is_free(place, expected):
    place.run("none")
    before = count_calls(place)
    other = sqlite3.connect(place.directory / ".foretell" / "store.db", isolation_level=None)
    process = place.start("none", "wait")
    assert "ready\n" == process.stdout.readline()
    other.execute("BEGIN IMMEDIATE")
    wait_for_line(process, "database is locked")
    other.execute("ROLLBACK")
    other.close()
    end = End(process, "go on\n")

    assert expected == end.results
    assert 2 * before == count_calls(place)
    assert_known_later(place, "trouble.store.locked")


def test_a_store_that_stays_locked_costs_the_record_and_nothing_else(place, expected):
    place.run("none")
    other = sqlite3.connect(place.directory / ".foretell" / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    end = place.run("none")
    other.close()

    assert expected == end.results
    assert_said_once(end, "is locked")


def make_file(directory):
    (directory / ".foretell").write_text("here is a file\n")


def make_corrupt(directory):
    (directory / ".foretell").mkdir()
    (directory / ".foretell" / "store.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def make_foreign(directory):
    (directory / ".foretell").mkdir()
    with sqlite3.connect(directory / ".foretell" / "store.db") as connection:
        connection.execute("CREATE TABLE theirs (a)")


def make_newer(directory):
    (directory / ".foretell").mkdir()
    with sqlite3.connect(directory / ".foretell" / "store.db") as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=99")
        connection.execute("CREATE TABLE ours (a)")


UNUSABLE = {
    "a file": (make_file, "no directory"),
    "damaged": (make_corrupt, "damaged"),
    "somebody else's": (make_foreign, "not one of Foretell's"),
    "newer": (make_newer, "newer Foretell"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_without_a_usable_store_the_program_runs_and_the_doctor_says_why(place, expected, kind):
    make, why = UNUSABLE[kind]
    make(place.directory)
    end = place.run("none")
    text, shape = place.ask_doctor()

    assert expected == end.results
    assert_said_once(end, ".foretell")
    assert any(
        why in check["text"] and check["level"] == "trouble" for check in shape["checks"] if check["subject"] == "store"
    )
    assert why in " ".join(text.split())


def test_a_directory_that_cannot_be_made_is_explained(place, expected):
    (place.directory / "notes").write_text("a file\n")
    end = place.run("none", FORETELL_STORE="notes/store")
    checks = place.ask_doctor(FORETELL_STORE="notes/store")[1]["checks"]

    assert expected == end.results
    assert_said_once(end, "notes/store")
    assert ["trouble"] == [check["level"] for check in checks if check["subject"] == "store"]


# -- the collector ---------------------------------------------------------------------------------------------------


@contextmanager
def refusing():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def talking(answer):
    """A server that says `answer` to whatever it is told; None: nothing, ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        if answer is not None:
            threading.Thread(target=talk, args=(listening, answer), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def talk(listening, answer):
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)


@contextmanager
def nowhere():
    yield "http://no-such-host.invalid:4318"


BAD = b"HTTP/1.1 %s\r\ncontent-length: 5\r\nconnection: close\r\n\r\nsorry"
COLLECTORS = {
    "refuses connections": (refusing, "does not answer", "trouble.collector.connection"),
    "does not exist": (nowhere, "does not answer", "trouble.collector.connection"),
    "says garbage": (lambda: talking(b"\x00\xff garbage\r\n\r\n"), "does not answer", "trouble.collector.connection"),
    "hangs": (lambda: talking(None), "does not answer", "trouble.collector"),
    "fails": (lambda: talking(BAD % b"500 Oops"), "refuses", "trouble.collector.http_500"),
    "is busy": (lambda: talking(BAD % b"503 Busy"), "does not answer", "trouble.collector.http_503"),
    "asks for a key": (lambda: talking(BAD % b"401 Who"), "refuses", "trouble.collector.http_401"),
}


@pytest.mark.parametrize("how", COLLECTORS)
def test_a_collector_that_does_not_take_anything_is_said_once(place, expected, how):
    serve, said, counted = COLLECTORS[how]
    with serve() as url:
        end = place.run("none", OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_TIMEOUT="1")

    assert expected == end.results
    assert_said_once(end, said)
    counts = place.ask_doctor()[1]["counts"]
    assert [] != [name for name in counts if name.startswith(counted)], counts


def test_an_answer_that_makes_no_sense_is_an_answer(place, expected):
    """200 with a body that is no protobuf: what was sent has arrived."""
    collector = Collector()
    collector.answers.extend([(200, {"content-type": "application/x-protobuf"}, b"\xff\xfe nonsense")] * 100)
    end = place.run("none", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    collector.close()

    assert expected == end.results
    assert_said_once(end)
    assert collector.requests


def test_a_taken_port_of_the_pull_endpoint_is_said_once(place, expected):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        end = place.run("none", OTEL_METRICS_EXPORTER="prometheus", OTEL_EXPORTER_PROMETHEUS_PORT=port)

    assert expected == end.results
    assert_said_once(end, port)
    assert_known_later(place, "trouble.init.prometheus")


# -- init ------------------------------------------------------------------------------------------------------------

WRONG = [
    {"FORETELL_CONTENT": "everywhere"},
    {"FORETELL_PRICE_FILE": "no-such-file.toml"},
    {"FORETELL_REDACTION_PATTERNS": "mine=(?=x)"},
    {"OTEL_TRACES_SAMPLER": "sometimes"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector without a scheme"},
]


@pytest.mark.parametrize("settings", WRONG, ids=lambda settings: next(iter(settings)))
def test_a_wrong_setting_is_refused_and_nothing_is_left_running(place, settings):
    program = (
        "import threading, foretell\n"
        "try: foretell.init()\n"
        "except foretell.errors.SettingError: print('refused')\n"
        "with foretell.agent('a') as op: print(bool(op), threading.active_count())\n"
    )
    done = run_text(place, program, **settings)

    assert ["refused", "False 1"] == done.stdout.splitlines()
    assert "" == done.stderr


def test_anything_else_that_fails_at_the_start_is_said_once_and_nothing_is_recorded(place):
    """The directory that the program stands in is gone; a part of ours is broken."""
    program = (
        "import os, threading, foretell, foretell.setup.parts as parts\n"
        "def broken(*_): raise RuntimeError('broken part')\n"
        "parts.make_capture = broken\n"
        "foretell.init()\n"
        "with foretell.agent('a') as op: print(bool(op), threading.active_count())\n"
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "foretell.init()\n"
        "print('goes on')\n"
    )
    done = run_text(place, program)

    assert ["False 1", "goes on"] == done.stdout.splitlines()
    assert ["broken part" in line for line in done.stderr.splitlines()][:1] == [True]
    assert 2 == len(done.stderr.splitlines())


# -- help ------------------------------------------------------------------------------------------------------------


def run_text(place, program, **settings):
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.directory, env={**place.environment, **settings}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def wait_for_line(process, words):
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"ended without saying {words!r}")


def count_calls(place):
    with sqlite3.connect(place.directory / ".foretell" / "store.db") as connection:
        return connection.execute("SELECT count(*) FROM calls").fetchone()[0]
