"""Plays a framework's program under `foretell run` against the model server, and tells what each side has written down."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.demo.model_server import ModelServer
from foretell.model.call import Call
from foretell.model.kinds import Kind, Outcome
from foretell.model.run import Run, RunQuery
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from tests.contracts.collector import Collector
from tests.contracts.frameworks.contract import Contract
from tests.contracts.frameworks.environments import find_environment
from tests.contracts.frameworks.weather import CASES, decide_weather
from tests.support.haystacks import read_store, read_traces

PROGRAMS = Path(__file__).parent / "programs"
TIMEOUT_S = 300
"""Far more than any program needs, on a machine that does other things too."""


@dataclass
class Played:
    """A program that ran, and everything that was written down about it."""

    directory: Path
    returncode: int
    stdout: str
    stderr: str
    asked: list[dict[str, Any]]
    """The model server's own log."""
    sent: dict[str, bytes] = field(default_factory=dict)
    """What arrived at a collector."""

    @property
    def runs(self) -> list[Run]:
        """All runs, in the order in which they began."""
        if not (self.directory / ".foretell" / "store.db").exists():
            return []
        store = Store.open(self.directory / ".foretell", now_ns=time.time_ns, read_only=True)
        try:
            reader = StoreReader(store)
            found = [reader.load_run(run.id) for run in reader.find_runs(RunQuery(limit=1_000))]
        finally:
            store.close()
        return sorted(found, key=lambda run: run.summary.start_ns)

    @property
    def calls(self) -> list[Call]:
        """All calls of all runs, in the order in which they began."""
        return sorted((call for run in self.runs for call in run.calls), key=lambda call: call.start_ns)

    @property
    def model_calls(self) -> list[Call]:
        return [call for call in self.calls if call.kind is Kind.LLM]

    @property
    def stored(self) -> dict[str, bytes]:
        return read_store(self.directory / ".foretell")

    def tree(self) -> str:
        """Every run: a line for each call, below its parent."""
        return "\n".join(line for run in self.runs for line in draw_run(run))


def play(
    contract: Contract, directory: Path, cases: tuple[str, ...], *, failures: tuple[int, ...] = (), **settings: str
) -> Played:
    """Run the program's cases in one process and wait for its end; the first requests fail with `failures`."""
    python = find_environment(contract.family)
    directory.mkdir(parents=True)
    questions = [f"{case}={CASES.get(case, CASES['plain'])}" for case in cases]
    command = [str(python), "-m", "foretell.cli", "run", str(PROGRAMS / f"{contract.program}.py"), *questions]
    collector = Collector()
    try:
        with ModelServer(decide_weather, latency_s=0.1, chunk_s=0.002) as server:
            for status in failures:
                server.fail_next(status)
            environment = surround(server, directory) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} | settings
            done = subprocess.run(
                command,
                cwd=directory,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            asked = read_log(server)
    finally:
        collector.close()
    sent = {f"request {number} {path}": body for number, (path, _, body) in enumerate(collector.requests)}
    sent["chunks in spans"] = read_traces(body for path, _, body in collector.requests if path.endswith("traces"))
    return Played(directory, done.returncode, done.stdout, done.stderr, asked, sent)


def read_log(server: ModelServer) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.root_url}/log", timeout=10) as response:
        requests: list[dict[str, Any]] = json.load(response)["requests"]
    return requests


def surround(server: ModelServer, directory: Path) -> dict[str, str]:
    """The environment of a user who has pointed every provider's client at the model server."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    (directory / "home").mkdir()
    return clean | {
        "HOME": str(directory / "home"),
        "PYTHONPATH": str(PROGRAMS),
        "COLUMNS": "200",
        "NO_PROXY": "127.0.0.1",
        # On a machine that is busy with other tests, importing the price list alone can take seconds.
        "FORETELL_FLUSH_TIMEOUT_S": "30",
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_BASE": server.base_url,
        "OPENAI_API_KEY": "sk-none",
        "ANTHROPIC_BASE_URL": server.root_url,
        "ANTHROPIC_API_KEY": "none",
        "GOOGLE_GEMINI_BASE_URL": server.root_url,
        "GOOGLE_API_KEY": "none",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.root_url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "OLLAMA_HOST": server.root_url,
        "CO_API_URL": server.root_url,
        "CO_API_KEY": "none",
        "MISTRAL_SERVER_URL": server.root_url,
        "MISTRAL_API_KEY": "none",
        "GROQ_BASE_URL": server.root_url,
        "GROQ_API_KEY": "none",
        # What phones home stays at home.
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "IS_SANDBOX": "1",
    }


def said_of(played: Played, case: str) -> str:
    """What the program printed about a case."""
    words = (f"{case} answered: ", f"{case} failed: ")  # what a framework draws may stand before it on the line
    return "".join(line for line in played.stdout.splitlines() if any(word in line for word in words))


def draw_run(run: Run) -> list[str]:
    """A run's calls as lines, each below its parent; siblings in the order in which they began."""
    calls = sorted(run.calls, key=lambda call: call.start_ns)
    known = {call.span_id for call in calls}
    lines: list[str] = []

    def draw(call: Call, depth: int) -> None:
        mark = "" if call.outcome is Outcome.OK else " !" if call.outcome is Outcome.ERROR else f" {call.outcome.value}"
        lines.append(f"{'  ' * depth}{call.kind.value} {call.name}{mark}")
        for child in calls:
            if child.parent_id == call.span_id:
                draw(child, depth + 1)

    for call in calls:
        if call.parent_id not in known:
            draw(call, 0)
    return lines
