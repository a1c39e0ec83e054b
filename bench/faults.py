"""What a fault inside recording adds to a call: one process for each fault, each beside the same calls without it.

`python bench/faults.py`, or with the names of faults (`tests/scenarios/programs/faulty.py` holds them). Times are of the
caller's thread in microseconds, over those of a call that is recorded without a fault. The longest ones are mostly the
machine's: what another thread or process took.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "tests" / "scenarios" / "programs" / "faulty.py"
FAULTS = (
    "price", "redaction_function", "redactor", "clock_raises", "wall_clock_raises", "clock_back", "processor",
    "attached_processor", "sink", "full", "deleted", "large",
)  # fmt: skip
BESIDE = {"attached_processor": "attached"}
"""What a fault is measured beside, where that is not `none`."""
CALLS = 5_000
LIMIT_MS = 5.0

Times = dict[str, float]


def run(fault: str) -> Times | None:
    """Median, 99th percentile and longest of the calls with a fault; None where the program failed."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), fault, "timed", str(CALLS)],
            cwd=directory, env=clean, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return None
    times_ns = sorted(json.loads(done.stdout.splitlines()[-1]))
    return {
        "median": statistics.median(times_ns) / 1e3,
        "99 %": times_ns[int(len(times_ns) * 0.99)] / 1e3,
        "longest": times_ns[-1] / 1e3,
    }


def main(names: list[str]) -> int:
    """Print the table; 1 where a call waited longer than it may."""
    print(f"{'fault':<20} {'median':>9} {'99 %':>9} {'longest':>9}   µs more than without a fault")
    well: dict[str, Times | None] = {}
    is_slow = False
    for name in names or FAULTS:
        beside = BESIDE.get(name, "none")
        if beside not in well:
            well[beside] = run(beside)
        without, times = well[beside], run(name)
        added = {key: times[key] - without[key] for key in times} if times and without else {}
        is_slow |= added.get("median", 1e9) > LIMIT_MS * 1e3
        print(f"{name:<20} " + (" ".join(f"{added[key]:>9.1f}" for key in added) or "failed"))
    for name, times in well.items():
        told = ", ".join(f"{key} {value:.1f}" for key, value in (times or {}).items())
        print(f"\nWithout a fault ({name}): {told} µs.")
    print(f"{CALLS:,} calls of a tool each, of `large` fewer. A median of more than {LIMIT_MS:g} ms is too much.")
    return 1 if is_slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
