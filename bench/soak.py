"""Whether memory stays flat: many calls flat out into the store, resident memory and losses on the way.

`python bench/soak.py [CALLS]`; 200,000 by default, a million takes minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.variants.foretell import start_foretell
from bench.workload import SPANS_PER_RUN, make_agent

STEPS = 10


def read_rss_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Record the calls and print memory in ten steps."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    runs = calls // SPANS_PER_RUN
    before_mb = read_rss_mb()
    with tempfile.TemporaryDirectory() as directory:
        recorder = start_foretell("", directory, content="local")
        agent = make_agent(recorder.wrap)
        for number in range(runs):
            agent(number)
            if (number + 1) % max(runs // STEPS, 1) == 0:
                print(f"{(number + 1) * SPANS_PER_RUN:>10,} calls  {read_rss_mb() - before_mb:6.0f} MB over the start")
        recorder.flush()
        print(f"{'flushed':>16}  {read_rss_mb() - before_mb:6.0f} MB over the start; lost: {count_lost()}")
        recorder.stop()


def count_lost() -> int:
    """What was dropped, by Foretell's own counts."""
    from foretell import bootstrap

    running = bootstrap.current()
    return 0 if running is None else sum(running.counts.snapshot()["dropped"].values())


if __name__ == "__main__":
    main()
