"""What `foretell run` adds: to the start of a program with five frameworks, and to its calls of 20 ms.

`python bench/zero_code/run.py [--rounds 7] [--calls 100]`: with and without in turn, medians over rounds. 1 where it adds
more than it may. The frameworks get an environment of their own, made once under .cache/frameworks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.rounds import start_sink
from foretell.demo.conversation import Conversation, Reply
from foretell.demo.model_server import ModelServer
from tests.contracts.frameworks.contract import Family
from tests.contracts.frameworks.environments import find_environment

FIVE = Family(
    "five",
    ("openai>=2,<4", "anthropic>=0.70", "google-genai>=1.32,<4", "langchain-core>=1", "mcp>=2,<3"),
    ("openai", "anthropic", "google-genai", "langchain"),
)
AGENT = Path(__file__).with_name("agent.py")
LATENCY_S = 0.02
START_MS, CALLS_PERCENT = 400.0, 2.0
"""What may be added."""
PERCENT = 100

Figures = dict[str, float]


def answer(_: Conversation) -> Reply:
    """What the model says, always."""
    return Reply("It is sunny in Oslo.")


def play(python: Path, url: str, collector: str, calls: int, *, is_recorded: bool) -> Figures:
    """One process: seconds until all frameworks are imported, and for the calls."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_", "PYTHON"))}
    clean |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": collector}
    run = ["-m", "foretell.cli", "run"] if is_recorded else []
    with tempfile.TemporaryDirectory() as directory:
        begin_s = time.time()
        done = subprocess.run(
            [str(python), *run, str(AGENT), str(calls)],
            cwd=directory, env=clean, capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout.splitlines()[0])
    return {
        "start_s": told["ready_s"] - begin_s,
        "calls_s": told["calls_s"],
        "cpu_us": told["cpu_s"] / max(calls, 1) * 1e6,
    }


def main(arguments: list[str]) -> int:
    """Print each round and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=100)
    given = parser.parse_args(arguments)
    python = find_environment(FIVE)
    added: list[Figures] = []
    with start_sink() as port, ModelServer(answer, latency_s=LATENCY_S) as server:
        play(python, server.base_url, f"http://127.0.0.1:{port}", 0, is_recorded=True)  # its bytecode is written
        for number in range(given.rounds):
            order = (False, True) if number % 2 else (True, False)
            told = {
                is_recorded: play(
                    python, server.base_url, f"http://127.0.0.1:{port}", given.calls, is_recorded=is_recorded
                )
                for is_recorded in order
            }
            without, with_us = told[False], told[True]
            added.append(
                {
                    "start": (with_us["start_s"] - without["start_s"]) * 1e3,
                    "calls": (with_us["calls_s"] / without["calls_s"] - 1) * PERCENT,
                    "caller": with_us["cpu_us"] - without["cpu_us"],
                }
            )
            print(
                f"round {number + 1}: start {without['start_s'] * 1e3:.0f} ms and {added[-1]['start']:+.0f}, "
                f"a call {without['calls_s'] / given.calls * 1e3:.2f} ms and {added[-1]['calls']:+.2f} % "
                f"({added[-1]['caller']:+.0f} µs of its thread's CPU)"
            )
    start, calls = median(one["start"] for one in added), median(one["calls"] for one in added)
    print(
        f"median: {start:+.0f} ms to the start (must {START_MS:.0f}), {calls:+.2f} % to the calls (must {CALLS_PERCENT})"
    )
    return int(start > START_MS or calls > CALLS_PERCENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
