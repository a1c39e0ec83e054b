"""Plays the fault suite and writes the report: `make detection-report`, or `python bench/detection/run.py --only stall`."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.detection.chart import make_chart
from bench.detection.judging import Verdicts, judge
from bench.detection.page import make_page
from bench.detection.stories.every import SUITES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.detection.judging import Heard
    from bench.detection.suite import Suite

PAGE = ROOT / "docs" / "reference" / "detection.md"
CHART = PAGE.with_suffix(".svg")
PARTS = [Path(__file__).with_name(name) for name in ("traces.md", "fleet.md")]
"""Of the report: what traces.py and fleet.py have written, who need more than this repository."""


def judge_trigger(trigger: str) -> Verdicts:
    """Judge one trigger: what another process can be asked for."""
    return judge(find_suite(trigger))


def find_suite(trigger: str) -> Suite:
    """The suite of a trigger."""
    return next(suite for suite in SUITES if suite.trigger == trigger)


def tell(verdicts: Verdicts, seconds: float, *, is_long: bool) -> None:
    """Say how one trigger did; at length with every episode that went wrong."""
    print(
        f"{verdicts.suite.trigger:20} recall {verdicts.recall:6.1%} of {len(verdicts.positives)}, "
        f"false alarms {verdicts.false_negatives_heard} in {len(verdicts.negatives)} ({seconds:.1f} s)",
        flush=True,
    )
    if is_long:
        for heard in (*verdicts.positives, *verdicts.negatives):
            _tell_episode(heard)


def _tell_episode(heard: Heard) -> None:
    truth = heard.episode.truth
    name = f"    {heard.episode.story} {heard.episode.number}:"
    if truth is not None and heard.detected_s is None:
        print(f"{name} missed; onset {truth.onset_s:.1f}, end {truth.end_s:.1f}, minimum {truth.minimum_s:.1f}")
    if heard.delay_s > 1 and truth is not None and not truth.is_exempt:
        print(f"{name} late by {heard.delay_s:.2f} s")
    if heard.false_s:
        onset = "" if truth is None else f" (onset {truth.onset_s:.1f})"
        print(f"{name} false at {', '.join(f'{at_s:.1f}' for at_s in heard.false_s[:5])}{onset}: {heard.explanation}")


def write(done: Sequence[Verdicts], *, is_check: bool) -> list[str]:
    """Write the report, or say where the one that is committed differs."""
    parts = [part.read_text(encoding="utf-8") if part.exists() else "" for part in PARTS]
    stale = []
    for path, text in ((PAGE, make_page(done, *parts)), (CHART, make_chart(done))):
        if not is_check:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(f"{path.relative_to(ROOT)} is stale. Run: make detection-report")
    return stale


def main(arguments: list[str]) -> int:
    """Judge, write the report unless only some triggers were asked for, and say what is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="triggers with commas between them; nothing is written")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the committed report differs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--long", action="store_true", help="name every episode that went wrong")
    given = parser.parse_args(arguments)
    names = [suite.trigger for suite in SUITES if not given.only or suite.trigger in given.only.split(",")]
    done: list[Verdicts] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        began_s = time.monotonic()
        for verdicts in (pool.map if given.jobs > 1 else map)(judge_trigger, names):
            done.append(verdicts)
            tell(verdicts, time.monotonic() - began_s, is_long=given.long)
            began_s = time.monotonic()
    faults = [] if given.only else write(done, is_check=given.check)
    faults += [fault for verdicts in done for fault in verdicts.find_faults()]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
