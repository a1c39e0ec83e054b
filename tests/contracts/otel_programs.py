"""Runs a few lines as a program of their own: OpenTelemetry's provider is one a process, and can be set only once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 60

PRELUDE = '''
import json, logging, os, sys, time
from pathlib import Path
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import foretell

logging.basicConfig(level=logging.WARNING)
exporter = InMemorySpanExporter()

def make_provider(**more):
    provider = TracerProvider(**more)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider

def exported():
    """What reached the application's exporter, by name."""
    return {span.name: span for span in exporter.get_finished_spans()}

def parents():
    """Name of each exported span and of its parent."""
    names = {span.context.span_id: span.name for span in exporter.get_finished_spans()}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in exporter.get_finished_spans()}

def stored(directory=".foretell"):
    """Every call in the store, by name."""
    from foretell.model.run import RunQuery
    from foretell.readers.store import StoreReader
    from foretell.store.store import Store
    foretell.flush()
    store = Store.open(Path(directory), now_ns=time.time_ns, read_only=True)
    reader = StoreReader(store)
    runs = [reader.load_run(run.id) for run in reader.find_runs(RunQuery(limit=1000))]
    store.close()
    return {call.name: call for run in runs for call in run.calls}

def faults():
    from foretell.errors import FAULTS
    return FAULTS.counts()

def tell(**answer):
    print(json.dumps(answer, default=str))

@foretell.instrument_agent(name="planner")
def planner(work=lambda: None):
    with foretell.llm("gpt-4o-mini", provider="openai") as op:
        op.record_usage(input_tokens=1000, output_tokens=100)
    work()
    return "done"
'''


@dataclass(frozen=True)
class Answer:
    """What a program told, and what it wrote to standard error."""

    told: dict[str, Any]
    stderr: str

    def __getitem__(self, name: str) -> Any:
        return self.told[name]


def run_program(directory: Path, code: str, **environment: str) -> Answer:
    """Run the lines after the prelude; the last line on standard output is what they told."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FORETELL_", "OTEL_", "TRACE"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(code)],
        cwd=directory,
        env={**clean, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    assert "fault of ours" not in done.stderr, done.stderr
    lines = done.stdout.strip().splitlines()
    return Answer(json.loads(lines[-1]) if lines else {}, done.stderr)
