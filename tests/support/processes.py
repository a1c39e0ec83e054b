"""Starts real programs that record, and tells what of it is in the store and what a collector has received."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.model.kinds import Outcome
from foretell.model.run import Run, RunQuery
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from tests.contracts.collector import Collector

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

PROGRAMS = Path(__file__).parent.parent / "scenarios" / "programs"
TIMEOUT_S = 60
"""Far more than any program needs: whoever hangs fails here."""


class Program:
    """A process that was started, and what it has said so far."""

    def __init__(self, command: Sequence[str], directory: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.send_signal = self._process.send_signal
        self.stdout = self.stderr = ""

    def wait_for(self, line: str) -> None:
        """Listen to what the program says up to and with a line of its own."""
        assert self._process.stdout is not None
        for said in self._process.stdout:
            self.stdout += said
            if said.rstrip("\n") == line:
                return
        raise AssertionError(f"ended before it said {line!r}:\n{self.end().stdout}\n{self.stderr}")

    def end(self) -> Program:
        """Wait for its end; one that hangs is killed, with its children who hold its pipes open, and fails the test."""
        try:
            said = self._process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            said = self._process.communicate()
            raise AssertionError(f"hangs; it said:\n{self.stdout}{said[0]}\n{said[1]}") from None
        self.stdout += said[0]
        self.stderr += said[1]
        return self

    @property
    def returncode(self) -> int:
        return int(self._process.returncode)

    def said(self, word: str) -> list[str]:
        """What followed `word` at the beginning of its lines."""
        lines = [line.split() for line in self.stdout.splitlines()]
        return [line[1] for line in lines if len(line) > 1 and line[0] == word]


class Stage:
    """A directory with a store, programs that run in it, and what they leave behind."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def start(self, *command: str, endpoint: str | None = None, **environment: str) -> Program:
        """Start one of our programs with arguments, or with `-m` a module."""
        what = command if command[0] == "-m" else (str(PROGRAMS / command[0]), *command[1:])
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
        clean["PYTHONPATH"] = os.pathsep.join([str(PROGRAMS), *filter(None, sys.path)])
        clean["PYTHONWARNINGS"] = "ignore:This process:DeprecationWarning"  # Python's own, at every fork with threads
        # On a machine that is busy with other tests, importing the price list alone can take seconds.
        clean["FORETELL_FLUSH_TIMEOUT_S"] = "30"
        if endpoint is not None:
            clean["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        return Program([sys.executable, *what], self.directory, clean | environment)

    def run(self, *command: str, endpoint: str | None = None, **environment: str) -> Program:
        """Start a program and wait for its end."""
        return self.start(*command, endpoint=endpoint, **environment).end()

    def trees(self) -> list[tuple[str, int]]:
        """Name and number of calls of each run in the store."""
        return [(run.summary.name, len(run.calls)) for run in self._runs()]

    def stored(self) -> dict[str, Outcome]:
        """Id → outcome of every call in the store; a call that is there twice fails the test."""
        calls = [call for run in self._runs() for call in run.calls]
        assert set() == {id for id, times in Counter(call.id for call in calls).items() if times > 1}
        return {f"{call.id:016x}": call.outcome for call in calls}

    def _runs(self) -> list[Run]:
        store = Store.open(self.directory / ".foretell", now_ns=time.time_ns, read_only=True)
        try:
            reader = StoreReader(store)
            return [reader.load_run(run.id) for run in reader.find_runs(RunQuery(limit=100_000))]
        finally:
            store.close()


def received(collector: Collector) -> list[str]:
    """The id of every span that has arrived, as often as it has."""
    return [span.span_id.hex() for group in _groups(collector) for scope in group.scope_spans for span in scope.spans]


def resources(collector: Collector) -> list[dict[str, str]]:
    """Who sent spans: the attributes of each resource that has arrived."""
    return [{item.key: item.value.string_value for item in group.resource.attributes} for group in _groups(collector)]


def _groups(collector: Collector) -> list[ResourceSpans]:
    bodies = [body for path, _, body in list(collector.requests) if path.endswith("/v1/traces")]
    return [group for body in bodies for group in ExportTraceServiceRequest.FromString(body).resource_spans]
