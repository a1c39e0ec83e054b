"""Runs the detectors over recorded traces that people have labelled, and shows every firing beside the labels.

`python bench/detection/traces.py DIRECTORY`: `traces/*/*.json` hold nested OpenInference spans, `annotations/*/*.json` the
errors that people found. The table is printed and never kept; with `--write` its sums by count alone go into the report.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from foretell.analysis.check_run import check_run
from foretell.cli.refining import make_refiner
from foretell.cli.standing import make_all_detectors
from foretell.model.kinds import Kind
from foretell.model.run import RunQuery
from foretell.readers.importer import import_file
from foretell.readers.store import StoreReader
from foretell.settings import load_settings
from foretell.store.store import Store
from foretell.watchdog.episodes import Episodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from foretell.model.finding import Finding
    from foretell.model.run import Run
    from foretell.settings import Settings

SUMS = Path(__file__).with_name("traces.md")
MAX_UNEXPLAINED = 1
"""So many firings of one trigger may have no label that explains them."""
CATEGORIES = {
    "agent_loop": ("resource abuse", "orchestration", "goal deviation", "tool", "retrieval", "timeout", "exhaustion"),
    "stall": ("timeout", "orchestration", "exhaustion"),
    "context_overflow": ("context", "exhaustion", "resource abuse"),
    "cost_run_limit": ("exhaustion", "resource abuse", "orchestration", "retrieval", "context"),
    "dependency_timeouts": ("timeout", "rate limit", "service", "not found", "authentication", "environment"),
    "slow_response": ("timeout", "exhaustion"),
}
"""Words in the category of a label that explain a firing wherever in the trace the label is."""


@dataclass(frozen=True, slots=True)
class Label:
    """An error that a person found in a trace."""

    category: str
    span_id: int
    impact: str


@dataclass(slots=True)
class Trace:
    """One trace with its labels and what fired."""

    name: str
    run: Run
    labels: Sequence[Label]
    findings: list[Finding] = field(default_factory=list)
    doubts: int = 0


def load_traces(directory: Path, store: Store, settings: Settings) -> list[Trace]:
    """Import every trace; the first that cannot be read ends it."""
    refine = make_refiner(settings, store.identity_key())
    reader = StoreReader(store)
    traces = []
    known: set[str] = set()
    for file in sorted((directory / "traces").glob("*/*.json")):
        import_file(store, file, None, refine, format="openinference")
        labels = _load_labels(directory / "annotations" / file.parent.name / file.name)
        for line in reader.find_runs(RunQuery(limit=1_000)):
            if line.id not in known:
                known.add(line.id)
                traces.append(Trace(f"{file.parent.name}/{file.stem[:8]}", reader.load_run(line.id), labels))
    return traces


def _load_labels(file: Path) -> list[Label]:
    errors = json.loads(file.read_text(encoding="utf-8")).get("errors", []) if file.exists() else []
    return [
        Label(str(error["category"]), int(str(error["location"]), 16), str(error.get("impact", ""))) for error in errors
    ]


def judge_traces(traces: Sequence[Trace], settings: Settings) -> None:
    """Show each run to fresh detectors, after the earlier ones of its agent."""
    for trace in traces:
        earlier = [
            other.run
            for other in sorted(traces, key=lambda one: one.run.summary.start_ns)
            if other.run.summary.start_ns < trace.run.summary.start_ns
            and other.run.summary.agent_name == trace.run.summary.agent_name
        ]
        checked = check_run(trace.run, make_all_detectors(settings), Episodes(), earlier)
        if checked.faults:
            raise AssertionError(f"{trace.name}: {checked.faults}")
        trace.findings, trace.doubts = checked.findings, len(checked.doubts)


def find_explanations(trace: Trace, finding: Finding) -> list[Label]:
    """The labels that explain a firing: on a call that it names or right beside it, or of a category that means it."""
    words = CATEGORIES.get(finding.trigger, ())
    near = _find_near(trace.run, _named_spans(finding))
    return [
        label
        for label in trace.labels
        if label.span_id in near or any(word in label.category.lower() for word in words)
    ]


def _named_spans(finding: Finding) -> set[int]:
    named = {int(call, 16) for call in finding.evidence.get("calls", ())}
    return named | ({finding.span_id} if finding.span_id is not None else set())


def _find_near(run: Run, named: set[int]) -> set[int]:
    """The calls that are named, what is in a named step, and beside a named tool the model that chose it."""
    around = {call.parent_id for call in run.calls if call.span_id in named and call.kind is Kind.TOOL}
    steps = {call.span_id for call in run.calls if call.span_id in around | named and call.kind is Kind.STEP}
    return named | steps | {call.span_id for call in run.calls if call.parent_id in steps}


def print_table(traces: Iterable[Trace]) -> None:
    """Every firing beside the trace's labels."""
    for trace in traces:
        print(f"\n{trace.name}  {len(trace.run.calls)} calls, {len(trace.labels)} labels, {trace.doubts} unknown")
        for label in trace.labels:
            print(f"    label  {label.span_id:016x}  {label.impact:6}  {label.category}")
        for finding in trace.findings:
            explained = find_explanations(trace, finding)
            by = ", ".join(sorted({label.category for label in explained})) or "NOTHING"
            print(f"    FIRES  {finding.trigger}: {finding.explanation}\n           explained by: {by}")


def sum_up(traces: Sequence[Trace]) -> tuple[str, list[str]]:
    """The part of the report about these traces, by counts alone, and what is not as it must be."""
    firings, unexplained, runs = Counter[str](), Counter[str](), Counter[str]()
    for trace in traces:
        for trigger in {finding.trigger for finding in trace.findings}:
            runs[trigger] += 1
        for finding in trace.findings:
            firings[finding.trigger] += 1
            unexplained[finding.trigger] += not find_explanations(trace, finding)
    labels = sum(len(trace.labels) for trace in traces)
    spans = sum(len(trace.run.calls) for trace in traces)
    troubled = sum(bool(trace.findings) for trace in traces)
    lines = [
        f"{len(traces)} traces of real agents ({spans} spans) with {labels} errors that people labelled were imported, all of them. Something",
        f"fires in {troubled} of them. A firing is explained where a label is on one of the calls that it names (or in such a step), or is of a category that",
        "means it. The traces themselves are not part of this repository; `python bench/detection/traces.py DIRECTORY` prints the table.",
        "",
        "| trigger | firings | traces | unexplained |",
        "|---|--:|--:|--:|",
        *(f"| `{name}` | {count} | {runs[name]} | {unexplained[name]} |" for name, count in sorted(firings.items())),
        "",
    ]
    faults = [
        f"{name}: {count} firings that no label explains"
        for name, count in unexplained.items()
        if count > MAX_UNEXPLAINED
    ]
    return "\n".join(lines), faults


def main(arguments: list[str]) -> int:
    """Print the table; say what is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="where traces/ and annotations/ are")
    parser.add_argument("--write", action="store_true", help="put the sums where `make detection-report` finds them")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        settings = load_settings({"store": temporary}, {}, Path(temporary))
        store = Store.open(Path(temporary), now_ns=time.time_ns)
        try:
            traces = load_traces(given.directory, store, settings)
            judge_traces(traces, settings)
        finally:
            store.close()
    print_table(traces)
    text, faults = sum_up(traces)
    print(f"\n{text}")
    if given.write:
        SUMS.write_text(text, encoding="utf-8")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
