"""How long people wait for an answer: `foretell runs` over 10,000 runs, `foretell show` of a run with 1,000 calls.

`python bench/reading.py`; part of `make bench`. Whole commands in processes of their own, and the reading alone.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS, CALLS, TIMES = 10_000, 1_000, 7


def fill(directory: Path) -> None:
    """Record 10,000 short runs, then one of 1,000 calls, as a program would."""
    import foretell

    foretell.init("bench", store=directory / ".foretell", integrations="none")
    for number in range(RUNS):
        with foretell.agent("short"), foretell.tool("look up") as op:
            op.set_input({"number": number})
    with foretell.agent("long"):
        for number in range(CALLS - 1):
            with foretell.tool("look up") as op:
                op.set_input({"number": number})
    foretell.shutdown()


def time_command(directory: Path, *words: str) -> list[float]:
    """Milliseconds that a whole command takes, after one that warms the disk's cache."""
    taken = []
    for _ in range(TIMES + 1):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "foretell.cli", *words], cwd=directory, stdout=subprocess.DEVNULL, check=True
        )
        taken.append((time.perf_counter() - begin) * 1_000)
    return taken[1:]


def time_reading(directory: Path, *, is_run: bool) -> list[float]:
    """Milliseconds for opening the store, reading, and drawing what is shown, without starting Python."""
    from rich.console import Console

    from foretell.cli.render.run import Look, render_run
    from foretell.cli.render.runs import render_runs
    from foretell.model.run import RunQuery
    from foretell.readers.protocol import resolve_run
    from foretell.readers.store import StoreReader
    from foretell.store.store import Store

    console = Console(file=Path("/dev/null").open("w"), width=120)  # noqa: SIM115  # open for the whole process
    taken = []
    for _ in range(TIMES + 1):
        begin = time.perf_counter()
        store = Store.open(directory / ".foretell", now_ns=time.time_ns, read_only=True)
        reader = StoreReader(store)
        if is_run:
            console.print(render_run(reader.load_run(resolve_run(reader)), Look(width=120, now_ns=time.time_ns())))
        else:
            console.print(render_runs(list(reader.find_runs(RunQuery())), 120, time.time_ns()))
        store.close()
        taken.append((time.perf_counter() - begin) * 1_000)
    return taken[1:]


def main() -> None:
    """Fill a store and print the times."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        fill(directory)
        for title, taken in (
            (f"foretell runs, {RUNS:,} runs: reading and drawing", time_reading(directory, is_run=False)),
            (f"foretell show, {CALLS:,} calls: reading and drawing", time_reading(directory, is_run=True)),
            ("foretell runs: whole command", time_command(directory, "runs")),
            ("foretell show: whole command", time_command(directory, "show")),
            ("foretell --help: whole command", time_command(directory, "--help")),
        ):
            print(f"{title:55} {statistics.median(taken):7.0f} ms ({min(taken):.0f}–{max(taken):.0f})")


if __name__ == "__main__":
    main()
