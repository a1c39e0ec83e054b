"""What a recorded call costs, beside the bare OpenTelemetry SDK: interleaved rounds, one process for each figure.

`make bench`, or `python bench/run.py --rounds 5 --json figures.json`; `--quick` for a first look.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rounds import Figures, Plan, Variant, run_rounds
from bench.table import print_tables, sum_up

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIANTS = (
    Variant("plain", "bench.variants.plain", imports="pass"),
    Variant(
        "bare",
        "bench.variants.bare",
        imports="import opentelemetry.sdk.trace.export, opentelemetry.exporter.otlp.proto.http.trace_exporter",
    ),
    Variant("bare+content", "bench.variants.bare_content"),
    Variant(
        "foretell",
        "bench.variants.foretell",
        # Its names load when first used: what a program uses is what its start costs.
        imports="import foretell; foretell.init, foretell.instrument_agent, foretell.current_operation",
    ),
    Variant("foretell-content", "bench.variants.foretell_none"),
    Variant("foretell+export", "bench.variants.foretell_export"),
)


def read_plan(arguments: list[str], extra: Sequence[str] = ()) -> tuple[Plan, str | None]:
    """What to run, and where the figures go; `extra` are further variants that may be named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*(item.name for item in VARIANTS), *extra]
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round, a tenth of the work")
    parser.add_argument(
        "--only", help="measurements with commas between them: hot,flood,secrets,cold,async,import,slow,away"
    )
    parser.add_argument("--variants", default=",".join(names), help=f"of {', '.join(names)}; plain and bare always run")
    parser.add_argument("--away-s", type=float, default=10.0, help="how long the collector is away (60 for the record)")
    parser.add_argument("--json", dest="path", help="write every figure of every round to this file")
    given = parser.parse_args(arguments)
    wanted = {"plain", "bare", *given.variants.split(",")}
    if unknown := wanted - set(names):
        parser.error(f"there is no variant {', '.join(sorted(unknown))}")
    plan = Plan(
        variants=tuple(item for item in VARIANTS if item.name in wanted),
        extra=tuple(name for name in extra if name in wanted),
        rounds=1 if given.quick else given.rounds,
        scale=0.1 if given.quick else 1.0,
        only=frozenset(given.only.split(",")) if given.only else None,
        away_s=given.away_s,
    )
    return plan, given.path


def finish(figures: list[Figures], path: str | None) -> int:
    """Print the tables, write the figures; 1 where a variant failed."""
    summary = sum_up(figures)
    print_tables(summary)
    if path:
        Path(path).write_text(json.dumps({"rounds": figures, "summary": summary}, indent=1) + "\n", encoding="utf-8")
    return 1 if any("failed" in row for row in figures) else 0


def main(arguments: list[str]) -> int:
    """Run, print, write."""
    plan, path = read_plan(arguments)
    return finish(run_rounds(plan), path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
