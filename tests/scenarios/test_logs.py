"""Log lines of a real program: with the ids of their run on the console, in the store and at the collector, and no secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from tests.contracts.collector import Collector

PROGRAM = Path(__file__).parent / "programs" / "log_desk.py"
SECRETS = {
    "key": "AKIA" + "IOSFODNN7EXAMPLE",
    "token": "tok-1a2b3c4d5e6f",
    "password": "hunter2-and-more",
    "mail": "jane.doe@example.org",
    "card": "4111111111111111",
}
SOURCES = {
    "begun": "agent",
    "looked up": "tool",
    "look-up failed with [redacted:aws_access_key]": "tool",
    "asking": "llm",
    "told": "commentary",
    "from a thread": "agent",
    "carried 0": "agent",
    "carried 1": "agent",
    "carried 2": "agent",
    "between runs": "session",
    "plain": "user_script",
}
SERVER = "GET /health?api_key="


def run(directory, mode, **environ):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, str(PROGRAM), mode],
        cwd=directory,
        env={**clean, "DESK_SECRETS": json.dumps(SECRETS), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def show(directory, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "foretell.cli", "show", *arguments],
        cwd=directory,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "140"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


class Logged:
    """Everything that one run of the program left behind."""

    def __init__(self, directory, done, collector):
        self.directory, self.done, self.collector = directory, done, collector
        self.console = [json.loads(line) for line in done.stderr.splitlines()]
        self.bodies = [body for path, _, body in collector.requests if path == "/v1/logs"]
        requests = [ExportLogsServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for request in requests for group in request.resource_logs for scope in group.scope_logs]
        records = [record for scope in scopes for record in scope.log_records]
        self.sent = [record for record in records if record.body.string_value]
        store = Store.open(directory / ".foretell", now_ns=time.time_ns)
        reader = StoreReader(store)
        self.runs = [reader.load_run(found.id) for found in reader.find_runs(RunQuery())]
        with store.reading() as connection:
            self.rows = connection.execute("SELECT body, source FROM logs").fetchall()
        store.close()

    def said(self):
        """Message → trace, span and run, as the program itself says."""
        return {message: tuple(ids) for message, *ids in map(json.loads, self.done.stdout.splitlines())}


def attributes(record):
    return {pair.key: pair.value.string_value for pair in record.attributes}


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    directory = tmp_path_factory.mktemp("logs")
    collector = Collector()
    done = run(directory, "main", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    collector.close()
    assert 0 == done.returncode, done.stderr
    return Logged(directory, done, collector)


def test_every_line_is_everywhere_with_its_source(logged):
    console = {line["message"]: line["foretell.log.source"] for line in logged.console}
    sent = {record.body.string_value: attributes(record)["foretell.log.source"] for record in logged.sent}
    server = {message: source for message, source in sent.items() if message.startswith(SERVER)}

    assert ["server"] == list(server.values())
    assert {**SOURCES, **server} == console == sent == dict(logged.rows)
    assert len(SOURCES) + 1 == len(logged.console) == len(logged.sent) == len(logged.rows)


def test_the_ids_are_those_of_the_operation_on_the_console(logged):
    found = {line["message"]: line for line in logged.console}
    ids = ("trace_id", "span_id", "foretell.run.id")

    assert logged.said() == {
        message: tuple(found[message][name] for name in ids if name in found[message]) for message in logged.said()
    }


def test_the_ids_are_those_of_the_operation_in_the_store(logged):
    (run,) = logged.runs
    within = {message: ids for message, ids in logged.said().items() if ids}

    assert within == {
        line.body: (f"{line.trace_id:032x}", f"{line.span_id:016x}", line.run_id)
        for line in run.logs
        if not line.body.startswith("look-up failed")
    }
    assert {call.span_id for call in run.calls} >= {line.span_id for line in run.logs}


def test_the_ids_are_those_of_the_operation_at_the_collector(logged):
    found = {record.body.string_value: record for record in logged.sent}
    within = {message: ids for message, ids in logged.said().items() if ids}

    assert within == {
        message: (
            found[message].trace_id.hex(),
            found[message].span_id.hex(),
            attributes(found[message])["foretell.run.id"],
        )
        for message in within
    }
    assert (b"", b"") == (found["plain"].trace_id, found["plain"].span_id)


def test_records_at_the_collector_say_who_and_how_grave(logged):
    found = {record.body.string_value: record for record in logged.sent}
    looked_up = attributes(found["looked up"])

    assert (13, "WARNING", 1) == (
        found["looked up"].severity_number, found["looked up"].severity_text, found["looked up"].flags
    )  # fmt: skip
    assert ("s-1", "desk", "desk.mail") == (
        looked_up["session.id"], looked_up["gen_ai.agent.name"], looked_up["foretell.log.logger"]
    )  # fmt: skip
    assert "ValueError" == attributes(found["look-up failed with [redacted:aws_access_key]"])["exception.type"]


def test_secrets_are_nowhere(logged):
    """In bodies, fields, nested fields, names of the context, numbers, exceptions and tracebacks."""
    files = [file for file in (logged.directory / ".foretell").iterdir() if file.name.startswith("store.db")]
    places = {
        "console": logged.done.stderr.encode(),
        **{file.name: file.read_bytes() for file in files},
        **{f"{path} {number}": body for number, (path, _, body) in enumerate(logged.collector.requests)},
    }

    assert [] == [
        (name, where) for where, data in places.items() for name, text in SECRETS.items() if text.encode() in data
    ]
    assert "store.db" in places


def test_show_has_warnings_and_every_line_when_asked_for(logged):
    plain, every = show(logged.directory), show(logged.directory, "--logs")
    shapes = [json.loads(show(logged.directory, "--json", *more))["logs"] for more in ((), ("--logs",))]

    assert ("WARNING  look_up  looked up" in plain, "asking" in plain, "6 more log lines; see them with --logs" in plain) == (
        True, False, True
    )  # fmt: skip
    assert "INFO     gpt-4o-mini  asking" in every
    assert [3, 9] == [len(logs) for logs in shapes]


@pytest.mark.parametrize("how", [{"OTEL_LOGS_EXPORTER": "none"}, {"FORETELL_LOGS_ON": "false"}])
def test_logs_that_are_not_to_be_sent_are_kept_all_the_same(tmp_path, how):
    collector = Collector()
    done = run(tmp_path, "main", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **how)
    collector.close()
    kept = Logged(tmp_path, done, collector)

    assert ([], len(SOURCES) + 1) == (kept.bodies, len(kept.rows))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_what_a_killed_run_logged_is_kept(tmp_path):
    collector = Collector()
    done = run(tmp_path, "killed")
    (doomed,) = Logged(tmp_path, done, collector).runs
    collector.close()

    assert (-signal.SIGKILL, Outcome.ABORTED, ["last words"]) == (
        done.returncode, doomed.summary.outcome, [line.body for line in doomed.logs]
    )  # fmt: skip


def test_shutdown_leaves_logging_as_it_was(tmp_path):
    """And what is logged later is the program's own again."""
    collector = Collector()
    done = run(tmp_path, "undone")
    collector.close()
    *_, (before, after) = map(json.loads, done.stdout.splitlines())
    first, *rest = done.stderr.splitlines()

    assert before == after
    assert ("before", ["after"]) == (json.loads(first)["message"], rest)
