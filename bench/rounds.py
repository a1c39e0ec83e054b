"""Runs every measurement of every variant in turn, round after round, each in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SLOW_MS = 100.0
PACED_RUNS_PER_S = 3_000 / 7

Figures = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One way to record."""

    name: str
    module: str
    imports: str | None = None
    """The statement whose import time is measured, if it is."""
    python: str = sys.executable
    """The interpreter: peers have environments of their own."""


@dataclass(frozen=True)
class Plan:
    """What to run."""

    variants: tuple[Variant, ...]
    extra: tuple[str, ...] = ()
    """Names of variants that are still to be set up."""
    rounds: int = 5
    scale: float = 1.0
    only: frozenset[str] | None = None
    away_s: float = 10.0

    def wants(self, measurement: str) -> bool:
        """True where nothing else was asked for, or just this."""
        return self.only is None or measurement in self.only


RUNS = {"hot": 3_000, "flood": 3_000, "secrets": 3_000, "cold": 25, "async": 10, "slow": 1_300}
"""Agent runs of each measurement, seven spans each (of `async` for each of fifty agents)."""


def run_rounds(plan: Plan) -> list[Figures]:
    """One row for each round, measurement and variant; interleaved, so that drift of the machine hits all alike."""
    found: list[Figures] = []
    for variant in plan.variants:
        _compile(variant)
    for number in range(plan.rounds):
        for measurement in ("import", *RUNS, "away"):
            if plan.wants(measurement):
                # The order turns from round to round: whoever comes first finds the machine cooler.
                shift = number % len(plan.variants)
                for variant in plan.variants[shift:] + plan.variants[:shift]:
                    found += _measure(plan, number, measurement, variant)
    return found


def _compile(variant: Variant) -> None:
    """Run once unmeasured: a fresh environment has no byte code yet, and the first import would pay for it."""
    with start_sink() as port:
        _run_child("hot", variant, port, 10)


def _measure(plan: Plan, number: int, measurement: str, variant: Variant) -> Iterator[Figures]:
    if measurement == "import":
        figures = _measure_import(variant) if variant.imports else None
    elif variant.name == "plain" and measurement in {"slow", "away"}:
        figures = None
    elif measurement == "away":
        figures = _measure_away(plan, variant)
    else:
        runs = max(1, round(RUNS[measurement] * plan.scale))
        with start_sink(delay_ms=SLOW_MS if measurement == "slow" else 0) as port:
            figures = _run_child(measurement, variant, port, runs)
            figures |= _count_lost(port, figures)
    if figures is not None:
        said = "failed" if "failed" in figures else "done"
        print(f"round {number + 1}: {measurement} {variant.name} {said}", file=sys.stderr)
        yield {"round": number, "measurement": measurement, "variant": variant.name, **figures}


def _run_child(measurement: str, variant: Variant, port: int, runs: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        arguments = [measurement, variant.module, f"http://127.0.0.1:{port}", directory, str(runs)]
        done = _start_python(variant, [str(ROOT / "bench" / "measure.py"), *arguments], directory)
    if done.returncode != 0:
        return _fail(done.stderr)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _count_lost(port: int, figures: Figures) -> Figures:
    if "failed" in figures:
        return {}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=60) as answer:
        counts = json.load(answer)
    sent = figures["spans"] + figures["warm_spans"]
    return {"lost": sent - counts["unique"], "doubled": counts["spans"] - counts["unique"], "wire": counts["bytes"]}


def _measure_import(variant: Variant) -> Figures:
    script = f"import time; t = time.perf_counter(); {variant.imports}; print((time.perf_counter() - t) * 1000)"
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        done = _start_python(variant, ["-c", script], directory)
    return _fail(done.stderr) if done.returncode else {"import_ms": float(done.stdout)}


def _start_python(variant: Variant, arguments: list[str], directory: str) -> subprocess.CompletedProcess[str]:
    """Run the variant's interpreter without what the shell says about telemetry, and with byte code kept on disk."""
    dropped = ("OTEL_", "FORETELL_", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    command = [variant.python, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=directory, env=env, timeout=600, check=False)


def _fail(words: str) -> Figures:
    print(words[-3000:], file=sys.stderr)
    return {"failed": words[-3000:]}


def _measure_away(plan: Plan, variant: Variant) -> Figures:
    """The collector comes up when the program has run for a while; the program ends a little later."""
    port = _find_free_port()
    runs = round((plan.away_s + 5) * PACED_RUNS_PER_S)
    stack: list[Any] = []

    def bring_up() -> None:
        time.sleep(plan.away_s)
        sink = start_sink(port=port)
        stack.append(sink)
        sink.__enter__()

    thread = threading.Thread(target=bring_up)
    thread.start()
    try:
        figures = _run_child("away", variant, port, runs)
        thread.join()
        return figures | _count_lost(port, figures)
    finally:
        thread.join()
        for sink in stack:
            sink.__exit__(None, None, None)


@contextmanager
def start_sink(port: int = 0, delay_ms: float = 0) -> Iterator[int]:
    """A collector in a process of its own; gives its port."""
    command = [sys.executable, str(ROOT / "bench" / "sink.py"), str(port), str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
