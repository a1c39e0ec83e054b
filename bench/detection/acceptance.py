"""Runs the troubled programs in real time, with every limit at its default: `make acceptance`.

Each program gets into trouble by the public API alone and says when; each has a quiet twin. What was noticed, and when,
goes into docs/reference/acceptance.md. It takes three quarters of an hour, most of it waiting for a slow leak.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "scenarios" / "programs" / "troubled.py"
PAGE = ROOT / "docs" / "reference" / "acceptance.md"
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One kind of trouble."""

    name: str
    """Of the function in the program."""
    trigger: str
    what: str
    lasts_s: float = 3.0
    minimum_s: float = 0.0
    """How long after its onset the rule can speak at the earliest."""
    times: int = 3
    environment: tuple[tuple[str, str], ...] = ()
    is_exempt: bool = False
    """Nobody can look while C code holds the interpreter."""
    is_alone: bool = False
    """Runs with no other program beside it: it needs a core."""


SCENES = (
    Scene("loop", "agent_loop", "the same tool call with the same result"),
    Scene("stall", "stall", "nothing after a tool's result", 34, 30),
    Scene("pattern", "pattern_anomaly", "tools that were never used, after 120 runs"),
    Scene("deadlock", "deadlock", "two asyncio locks in the wrong order", 5, 1.2),
    Scene("await_cycle", "deadlock", "two tasks that await each other", 5, 1.2),
    Scene("lock_order", "deadlock", "two watched locks of threads in the wrong order", 5, 1.2),
    Scene("block", "agent_blocked", "a queue into which nobody puts anything", 14, 10),
    Scene("block_loop", "event_loop_blocked", "time.sleep on the event loop", 14, 10),
    Scene("hold_loop", "event_loop_blocked", "C code that holds the interpreter", 16, 10, is_exempt=True),
    Scene("overflow", "context_overflow", "an input of 118,000 tokens for a window of 128,000"),
    Scene("burn", "cost_run_limit", "$0.25 in a run", minimum_s=0.1),
    Scene("burn_day", "cost_burn", "dollars in seconds, in many runs", 5, 0.7),
    Scene("unpriced", "unpriced_tokens", "a model that no list knows"),
    Scene("depend", "dependency_timeouts", "a tool that times out"),
    Scene("fail", "error_rate", "every third run fails"),
    Scene("slow", "slow_response", "runs take three times as long", minimum_s=63, environment=(("USUAL_S", "1.05"),)),
    Scene("unredacted", "redaction_failure", "an own redaction rule that raises"),
    Scene("flood", "telemetry_gap", "more than the queue holds", environment=(("FORETELL_QUEUE_MAX_ITEMS", "500"),)),
    Scene("spin_python", "cpu_spin", "a busy loop in Python", 36, 30, is_alone=True),
    Scene("spin_regex", "cpu_spin", "regular expressions", 36, 30, is_alone=True),
    Scene(
        "leak",
        "memory_growth",
        "100 MB an hour",
        33 * MINUTE_S,
        30 * MINUTE_S,
        1,
        environment=(("LEAK_MB_S", "0.0278"),),
    ),
)


@dataclass(slots=True)
class Told:
    """What one program said."""

    scene: str
    is_quiet: bool
    returncode: int = 0
    onset_s: float | None = None
    found: list[tuple[str, float]] = field(default_factory=list)


def play(scene: Scene, *, is_quiet: bool) -> Told:
    """Run one program in a directory of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    command = [sys.executable, str(PROGRAM), scene.name, *(["quiet"] if is_quiet else [])]
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            command,
            cwd=directory,
            env=clean | dict(scene.environment) | {"TROUBLE_S": str(scene.lasts_s)},
            capture_output=True,
            text=True,
            timeout=scene.lasts_s + 600,
            check=False,
        )
    told = Told(scene.name, is_quiet, done.returncode)
    for line in done.stdout.splitlines():
        word, *rest = line.split()
        if word == "onset":
            told.onset_s = float(rest[-1])
        elif word == "found":
            told.found.append((rest[0], float(rest[-1])))
    print(f"{scene.name}{' (twin)' if is_quiet else ''}: {told.found or 'nothing'}", flush=True)
    return told


def play_all(scenes: list[Scene], jobs: int) -> list[Told]:
    """Run every program as often as it is due, its twin as often; those that need a core alone at the end."""
    together = [scene for scene in scenes if not scene.is_alone]
    due = [(scene, is_quiet) for scene in sorted(together, key=lambda one: -one.lasts_s) for is_quiet in (False, True)]
    told = []
    with ThreadPoolExecutor(jobs) as pool:
        played = [pool.submit(play, scene, is_quiet=is_quiet) for scene, is_quiet in due for _ in range(scene.times)]
        told = [one.result() for one in played]
    for scene in scenes:
        for _ in range(scene.times if scene.is_alone else 0):
            told += [play(scene, is_quiet=False), play(scene, is_quiet=True)]
    return told


def sum_up(scene: Scene, told: list[Told]) -> dict[str, object]:
    """What one kind of trouble came to: a line of the report."""
    troubled = [one for one in told if one.scene == scene.name and not one.is_quiet]
    twins = [one for one in told if one.scene == scene.name and one.is_quiet]
    delays = []
    for one in troubled:
        times = [at_s for trigger, at_s in one.found if trigger == scene.trigger]
        if times and one.onset_s is not None:
            delays.append(min(times) - one.onset_s)
    return {
        "scene": scene,
        "runs": len(troubled),
        "noticed": len(delays),
        "delays_s": delays,
        "twins": len(twins),
        "false": sum(bool(one.found) for one in twins),
        "others": sorted({trigger for one in troubled for trigger, _ in one.found} - {scene.trigger}),
        "is_broken": any(one.returncode for one in (*troubled, *twins)),
    }


def make_page(lines: list[dict[str, object]]) -> str:
    """The report."""
    rows = "\n".join(_make_row(line) for line in lines)
    return f"""<!-- Generated by `make acceptance`. Do not edit. -->

# Triggers in real time

Real programs (`tests/scenarios/programs/troubled.py`) that get into trouble with the public API alone, in real time, with every limit at
its default, two to four at a time. Each has a quiet twin that does nearly the same, and in which nothing may be found at all. Time to detect is from the moment
at which the program says that its trouble begins to the call of its `@foretell.on_finding` function; *beyond* is what of it exceeds the
rule's own minimum.

Last run: {time.strftime("%Y-%m-%d", time.gmtime())}, Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores.

| trouble | trigger | noticed | median | beyond, at most | quiet twins with a finding |
|---|---|--:|--:|--:|--:|
{rows}

C code that holds the interpreter is noticed when
it returns. `agent_down` is judged in the fleet: see the rules' tests. The same programs run in the tests with compressed limits; episodes
with a simulated clock are in [How well the triggers notice](detection.md).
"""


def _make_row(line: dict[str, object]) -> str:
    scene, delays = line["scene"], line["delays_s"]
    assert isinstance(scene, Scene)
    assert isinstance(delays, list)
    noticed = f"{line['noticed']} of {line['runs']}"
    at_most = "–" if not delays else f"{max(0.0, max(delays) - scene.minimum_s):.1f} s"
    if scene.is_exempt:
        at_most = "exempt"
    return (
        f"| {scene.what} | `{scene.trigger}` | {noticed} | {f'{median(delays):.1f} s' if delays else '–'} | {at_most} "
        f"| {line['false']} of {line['twins']} |"
    )


def find_faults(lines: list[dict[str, object]]) -> list[str]:
    """What is not as it must be."""
    faults = []
    for line in lines:
        scene = line["scene"]
        assert isinstance(scene, Scene)
        if line["noticed"] != line["runs"] or not line["runs"]:
            faults.append(f"{scene.name}: noticed {line['noticed']} of {line['runs']}")
        if line["false"]:
            faults.append(f"{scene.name}: {line['false']} quiet twins with a finding")
        if line["is_broken"]:
            faults.append(f"{scene.name}: a program failed")
    return faults


def main(arguments: list[str]) -> int:
    """Run, write the report unless only some scenes were asked for, and say what is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="scenes with commas between them; nothing is written")
    parser.add_argument("--jobs", type=int, default=4, help="programs at a time")
    parser.add_argument("--told", type=Path, help="keep what the programs said in this file, and add what it has")
    given = parser.parse_args(arguments)
    scenes = [scene for scene in SCENES if not given.only or scene.name in given.only.split(",")]
    told = play_all(scenes, given.jobs)
    if given.told:
        kept = [Told(**one) for one in json.loads(given.told.read_text())] if given.told.exists() else []
        fresh = {one.scene for one in told}
        told += [one for one in kept if one.scene not in fresh]
        given.told.write_text(json.dumps([asdict(one) for one in told]))
        scenes = [scene for scene in SCENES if any(one.scene == scene.name for one in told)]
    lines = [sum_up(scene, told) for scene in scenes]
    if len(scenes) == len(SCENES):
        PAGE.write_text(make_page(lines), encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} written")
    faults = find_faults(lines)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
