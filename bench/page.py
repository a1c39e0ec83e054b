"""Writes the figures of a run as a page of the documentation: `docs/reference/overhead.md`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.table import COLUMNS, HEADS, TITLES, Summary, show_figure

if TYPE_CHECKING:
    from bench.rounds import Variant

OPENING = """# What recording costs

Written by `make bench-peers`; nobody edits it by hand. One agent run is seven spans (an agent, three model calls, three tool
calls) with arguments and results of about 1 KB each. Every variant sends its spans by OTLP over real HTTP to a collector on the
same machine. Variants are interleaved, each measurement in a process of its own; figures are medians over the rounds with
least and most in brackets, less what the plain function costs. Compare the ratios (×, in the same round): microseconds drift
with the machine. They are against `bare`, those of `foretell` and `foretell+export` against `bare+content`, which records as
much, where that was measured.

- `bare`: the OpenTelemetry SDK with its batch processor and official exporter, eight attributes, no content.
- `bare+content`: the same with inputs and outputs as two JSON attributes.
- `foretell`: everything on (metrics, cost, redaction, the store with content, triggers, OTLP), as it is by default.
- `foretell-content`: the same with `content="none"`. `foretell+export`: the same with content on the wire too.
- A peer that loses spans saves their work: look at "spans lost" beside its microseconds.
"""
VERSIONS = ("opentelemetry-sdk", "foretell", "openinference-instrumentation", "traceloop-sdk", "logfire", "langfuse")
MORE_VERSIONS = ("mlflow-tracing", "agentops")
ASK = (
    "import sys, importlib.metadata as m\nfor n in sys.argv[1:]:\n try: print(n, m.version(n))\n except Exception: pass"
)


def write_page(path: Path, summary: Summary, variants: tuple[Variant, ...], rounds: int) -> None:
    """Write tables, machine and versions to `path`."""
    parts = [OPENING, f"{_describe_machine()}, {rounds} rounds, {datetime.now(timezone.utc).date()}.\n"]
    for measurement, columns in COLUMNS.items():
        if measurement in summary:
            parts += [f"## {TITLES[measurement]}\n", _table(summary[measurement], columns)]
    parts += ["## Versions\n", _list_versions(variants)]
    path.write_text("\n".join(parts), encoding="utf-8")


def _table(figures: dict[str, dict[str, dict[str, Any]]], columns: tuple[str, ...]) -> str:
    lines = ["| | " + " | ".join(HEADS[column] for column in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    first = columns[0]
    for name, row in sorted(figures.items(), key=lambda item: item[1].get(first, {}).get("median", 0.0)):
        lines.append(f"| {name} | " + " | ".join(show_figure(row.get(column)) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def _describe_machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores ({model})"


def _list_versions(variants: tuple[Variant, ...]) -> str:
    names = (*VERSIONS, *MORE_VERSIONS)
    found: dict[str, str] = {}
    for python in dict.fromkeys(variant.python for variant in variants):
        asked = subprocess.run([python, "-c", ASK, *names], capture_output=True, text=True, check=False)
        for line in asked.stdout.splitlines():
            name, _, version = line.partition(" ")
            found.setdefault(name, version)
    return "".join(f"- {name} {found[name]}\n" for name in names if name in found)
