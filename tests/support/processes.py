"""Starts real programs that record, and tells what of it is in the store and what a collector has received."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from tests.contracts.collector import Collector

PROGRAMS = Path(__file__).parent.parent / "scenarios" / "programs"
TIMEOUT_S = 40
"""Far more than any program needs: whoever hangs fails here."""


class Stage:
    """A directory with a store, programs that run in it, and what they leave behind."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def environment(self, endpoint: str | None = None, **more: str) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        clean |= {"PYTHONPATH": os.pathsep.join([str(PROGRAMS), *sys.path]), "PYTHONUNBUFFERED": "1"}
        if endpoint is not None:
            clean["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        return clean | more

    def start(self, program: str, *arguments: str, endpoint: str | None = None, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(PROGRAMS / program), *arguments],
            cwd=self.directory,
            env=self.environment(endpoint, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, program: str, *arguments: str, endpoint: str | None = None, **more: str) -> Ended:
        return end(self.start(program, *arguments, endpoint=endpoint, **more))

    def stored(self) -> dict[str, Outcome]:
        """Id → outcome of every call in the store; a call that is there twice fails the test."""
        store = Store.open(self.directory / ".foretell", now_ns=time.time_ns, read_only=True)
        try:
            reader = StoreReader(store)
            runs = [reader.load_run(run.id) for run in reader.find_runs(RunQuery(limit=100_000))]
            calls = [call for run in runs for call in run.calls]
        finally:
            store.close()
        twice = {f"{id:016x}" for id, times in Counter(call.id for call in calls).items() if times > 1}
        assert set() == twice
        return {f"{call.id:016x}": call.outcome for call in calls}


class Ended:
    """How a program ended and what it said it had recorded."""

    def __init__(self, returncode: int, stdout: str, stderr: str, duration_s: float) -> None:
        self.returncode, self.stdout, self.stderr, self.duration_s = returncode, stdout, stderr, duration_s

    def said(self, word: str) -> list[str]:
        """What follows `word` at the beginning of its lines."""
        lines = [line.split() for line in self.stdout.splitlines()]
        return [line[1] for line in lines if len(line) > 1 and line[0] == word]


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for a program that was started; one that hangs is killed and fails the test."""
    begin_s = time.monotonic()
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"hangs; it said:\n{stdout}\n{stderr}") from None
    return Ended(process.returncode, stdout, stderr, time.monotonic() - begin_s)


def wait_for(process: subprocess.Popen[str], line: str) -> list[str]:
    """Read what a program says up to and with a line of its own."""
    heard: list[str] = []
    assert process.stdout is not None
    for said in process.stdout:
        heard.append(said.rstrip("\n"))
        if heard[-1] == line:
            return heard
    raise AssertionError(f"ended before it said {line!r}: {heard}\n{process.stderr and process.stderr.read()}")


def received(collector: Collector) -> list[str]:
    """The id of every span that has arrived, as often as it has."""
    return [span.span_id.hex() for group in _groups(collector) for scope in group.scope_spans for span in scope.spans]


def resources(collector: Collector) -> list[dict[str, str]]:
    """Who sent spans: the attributes of each resource that has arrived."""
    return [{item.key: item.value.string_value for item in group.resource.attributes} for group in _groups(collector)]


def _groups(collector: Collector) -> list[ResourceSpans]:
    bodies = [body for path, _, body in list(collector.requests) if path.endswith("/v1/traces")]
    return [group for body in bodies for group in ExportTraceServiceRequest.FromString(body).resource_spans]
