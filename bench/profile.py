"""Where the worker's microseconds go, room by room: calls are queued, then drained on this very thread.

`make bench-profile`, or `python bench/profile.py --content export --rounds 7`. Figures are CPU per call, the least of all rounds;
nothing runs beside the drain but the exporter's thread, so that they are the same from one look to the next.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # else this file would hide the standard "profile"

from bench.rounds import start_sink
from bench.variants.foretell import start_foretell
from bench.workload import SPANS_PER_RUN, make_agent

REFINING = ("read_foreign", "complete_facts", "refine_costs", "adopt_inner", "add_totals")
"""Functions of `instrument.refining` that are steps of the worker."""
TAKING = ("take", "write", "flush")


@dataclass
class Rooms:
    """CPU seconds of one round by room."""

    spent_s: dict[str, float] = field(default_factory=dict)

    def timed(self, room: str, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its CPU time noted under `room`."""
        spent_s, clock = self.spent_s, time.thread_time

        def call(*args: Any, **kwargs: Any) -> Any:
            before = clock()
            try:
                return func(*args, **kwargs)
            finally:
                spent_s[room] = spent_s.get(room, 0.0) + clock() - before

        return call


def measure(content: Any, runs: int, rounds: int, detail: int) -> dict[str, float]:
    """Room → least CPU microseconds per call."""
    with start_sink() as port, tempfile.TemporaryDirectory(prefix="bench-") as directory:
        recorder = start_foretell(f"http://127.0.0.1:{port}", directory, content=content)
        agent = make_agent(recorder.wrap)
        rooms = Rooms()
        _watch(rooms)
        least: dict[str, float] = {}
        for number in range(rounds + 1):
            _run_round(agent, recorder.flush, rooms, runs)
            if number:  # the first one warms up
                for room, spent_s in rooms.spent_s.items():
                    us = spent_s / runs / SPANS_PER_RUN * 1e6
                    least[room] = min(us, least.get(room, us))
        if detail:
            _tell_functions(agent, recorder.flush, runs, detail)
        recorder.stop()
    return least


def _watch(rooms: Rooms) -> None:
    """Hold the worker's thread back, and put a clock around each of its steps."""
    from foretell import bootstrap
    from foretell.export.metrics.sink import MetricsSink
    from foretell.export.span_sink import SpanSink
    from foretell.instrument.work import refining
    from foretell.instrument.work.queue_limits import Limits
    from foretell.store.writing.writer import StoreSink

    running = bootstrap.current()
    assert running is not None
    assert running.refiner is not None
    running.worker.limits = Limits(tick_s=3_600)
    running.refiner.refine_contents = rooms.timed("refine: contents", running.refiner.refine_contents)
    for name in REFINING:
        setattr(refining, name, rooms.timed(f"refine: {name}", getattr(refining, name)))
    for sink in (StoreSink, MetricsSink, SpanSink):
        for method in TAKING:
            setattr(sink, method, rooms.timed(f"sink {sink.name}: {method}", getattr(sink, method)))


def _run_round(agent: Callable[[int], Any], flush: Callable[[], object], rooms: Rooms, runs: int) -> None:
    rooms.spent_s.clear()
    before = time.thread_time()
    for number in range(runs):
        agent(number)
    rooms.spent_s["caller"] = time.thread_time() - before
    thread_before, process_before = time.thread_time(), time.process_time()
    flush()
    thread, process = time.thread_time() - thread_before, time.process_time() - process_before
    rooms.spent_s["drain, all of it"] = thread
    rooms.spent_s["other threads meanwhile"] = process - thread


def _tell_functions(agent: Callable[[int], Any], flush: Callable[[], object], runs: int, count: int) -> None:
    import cProfile
    import pstats

    for number in range(runs):
        agent(number)
    profiler = cProfile.Profile(time.thread_time)
    profiler.enable()
    flush()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(count)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--content", choices=("none", "local", "export"), default="local")
    parser.add_argument("--runs", type=int, default=250, help=f"agent runs a round, {SPANS_PER_RUN} calls each")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--functions", type=int, default=0, help="show so many functions as cProfile sees them")
    given = parser.parse_args(arguments)
    for room, us in measure(given.content, given.runs, given.rounds, given.functions).items():
        print(f"{us:7.2f} µs  {room}")


if __name__ == "__main__":
    main(sys.argv[1:])
