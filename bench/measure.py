"""One measurement of one variant in a process of its own: prints one line of JSON.

`python bench/measure.py <measurement> <variant module> <endpoint> <directory> [<number>]`
"""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import secrets
import sys
import time
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.workload import SPANS_PER_RUN, make_agent, make_async_agent

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.variants.recorder import Recorder

LLM_WAIT_S = 0.02
WARM_RUNS = 20
BURST_RUNS = 250
"""1,750 spans: under the 2,048 that the SDK's queue holds by default."""
CONCURRENT_AGENTS = 50
PACED_SPANS_PER_S = 3_000


def measure_hot(recorder: Recorder, runs: int) -> dict[str, float]:
    """CPU of runs without any wait, in bursts that every queue can hold, so that nobody saves work by losing spans."""
    agent = make_agent(recorder.wrap)
    bursts = [
        _measure(recorder, partial(_work, agent, BURST_RUNS), BURST_RUNS) for _ in range(max(1, runs // BURST_RUNS))
    ]
    return {name: fmean(burst[name] for burst in bursts) for name in bursts[0]} | {
        "spans": len(bursts) * BURST_RUNS * SPANS_PER_RUN
    }


def measure_flood(recorder: Recorder, runs: int) -> dict[str, float]:
    """Runs without any wait, one after the other, to see whether everything arrives."""
    return _run_flat_out(recorder, make_agent(recorder.wrap), runs)


def measure_secrets(recorder: Recorder, runs: int) -> dict[str, float]:
    """The same while the program itself lets go of the interpreter's lock in each tool call."""
    return _run_flat_out(recorder, make_agent(recorder.wrap, disturb=lambda: secrets.token_hex(16)), runs)


def measure_cold(recorder: Recorder, runs: int) -> dict[str, float]:
    """Runs whose model takes 20 ms: the code of the SDK is cold each time."""
    return _run_flat_out(recorder, make_agent(recorder.wrap, wait_s=LLM_WAIT_S), runs)


def measure_async(recorder: Recorder, runs: int) -> dict[str, float]:
    """Fifty agents at once in one event loop."""
    agent = make_async_agent(recorder.wrap, LLM_WAIT_S)

    async def work(first: int) -> None:
        for number in range(runs):
            await agent(first + number)

    async def work_all() -> None:
        await asyncio.gather(*(work(1000 * worker) for worker in range(CONCURRENT_AGENTS)))

    return _measure(recorder, lambda: asyncio.run(work_all()), runs * CONCURRENT_AGENTS)


def measure_paced(recorder: Recorder, runs: int) -> dict[str, float]:
    """Runs at 3,000 spans a second, for collectors that are slow or away."""
    agent = make_agent(recorder.wrap)

    def work() -> None:
        start = time.perf_counter()
        for number in range(runs):
            agent(number)
            due = start + (number + 1) * SPANS_PER_RUN / PACED_SPANS_PER_S
            time.sleep(max(0.0, due - time.perf_counter()))

    return _measure(recorder, work, runs)


def _run_flat_out(recorder: Recorder, agent: Callable[[int], Any], runs: int) -> dict[str, float]:
    return _measure(recorder, partial(_work, agent, runs), runs)


def _work(agent: Callable[[int], Any], runs: int) -> None:
    for number in range(runs):
        agent(number)


def _measure(recorder: Recorder, work: Callable[[], None], runs: int) -> dict[str, float]:
    """Figures per span; flushing is part of the process's CPU, not of the caller's."""
    process_before, caller_before, elapsed_before = time.process_time(), time.thread_time(), time.perf_counter()
    work()
    elapsed, caller = time.perf_counter() - elapsed_before, time.thread_time() - caller_before
    recorder.flush()
    process = time.process_time() - process_before
    spans = runs * SPANS_PER_RUN
    return {
        "spans": spans,
        "caller_us": caller / spans * 1e6,
        "process_us": process / spans * 1e6,
        "elapsed_us": elapsed / spans * 1e6,
        "flush_s": time.perf_counter() - elapsed_before - elapsed,
    }


MEASUREMENTS = {
    "hot": measure_hot,
    "flood": measure_flood,
    "secrets": measure_secrets,
    "cold": measure_cold,
    "async": measure_async,
    "slow": measure_paced,
    "away": measure_paced,
}


def main(measurement: str, variant: str, endpoint: str, directory: str, runs: str) -> None:
    """Start the variant, warm it up, measure, tell."""
    before = time.perf_counter()
    recorder: Recorder = importlib.import_module(variant).start(endpoint, directory)
    start_ms = (time.perf_counter() - before) * 1000
    # While the collector is away, flushing would wait for it and hide the loss.
    warm_runs = 0 if measurement == "away" else WARM_RUNS
    warm = make_agent(recorder.wrap)
    for number in range(warm_runs):
        warm(number)
    if warm_runs:
        recorder.flush()
    found = MEASUREMENTS[measurement](recorder, int(runs))
    found |= {"start_ms": start_ms, "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    recorder.stop()
    print(json.dumps(found | {"warm_spans": warm_runs * SPANS_PER_RUN}))


if __name__ == "__main__":
    main(*sys.argv[1:6])
