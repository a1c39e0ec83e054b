"""Sums the rounds up: medians with their spread, over the plain function and against the bare SDK."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any

BASE = "bare"
BASE_WITH_CONTENT = "bare+content"
WITH_CONTENT = frozenset({"foretell", "foretell+export"})
"""Our variants that record contents: their ratios are to the bare SDK that records them too."""
OVER_PLAIN = ("caller_us", "process_us", "elapsed_us", "rss_mb", "import_ms")
"""Figures from which those of the plain function in the same round are taken off."""
AS_THEY_ARE = ("lost", "doubled", "flush_s", "start_ms", "wire")

COLUMNS = {
    "hot": ("caller_us", "process_us", "rss_mb", "lost"),
    "flood": ("caller_us", "rss_mb", "flush_s", "lost"),
    "secrets": ("caller_us", "flush_s", "lost"),
    "cold": ("caller_us", "process_us", "elapsed_percent", "lost"),
    "async": ("caller_us", "process_us", "elapsed_percent", "lost"),
    "import": ("import_ms",),
    "slow": ("flush_s", "lost", "doubled"),
    "away": ("flush_s", "lost", "doubled"),
}
TITLES = {
    "hot": "Bursts of 250 agent runs of 7 spans, a flush after each",
    "flood": "Flat out: 3,000 agent runs of 7 spans (who loses spans saves their work)",
    "secrets": "Flat out, while the program calls secrets.token_hex",
    "cold": "One agent whose model takes 20 ms",
    "async": "50 agents at once, whose model takes 20 ms",
    "import": "Import",
    "slow": "3,000 spans/s to a collector that takes 100 ms for each answer",
    "away": "3,000 spans/s while the collector is away at first",
}
HEADS = {
    "caller_us": "caller µs/span",
    "process_us": "process µs/span",
    "elapsed_percent": "longer, %",
    "rss_mb": "RSS, MB more",
    "import_ms": "import, ms",
    "flush_s": "flush, s",
    "lost": "spans lost",
    "doubled": "spans doubled",
}

Figures = dict[str, Any]
Summary = dict[str, dict[str, dict[str, Figures]]]


def sum_up(rows: list[Figures]) -> Summary:
    """Measurement → variant → figure → median, min, max, and the ratio to the bare SDK of the same round.

    Of what records contents that is the bare SDK with contents, where it was measured.
    """
    by_round: dict[tuple[str, int], dict[str, Figures]] = defaultdict(dict)
    for row in rows:
        if "failed" in row:
            continue
        by_round[row["measurement"], row["round"]][row["variant"]] = row
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    ratios: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for (measurement, _), variants in by_round.items():
        net = {name: _net(row, variants.get("plain")) for name, row in variants.items() if name != "plain"}
        for name, figures in net.items():
            for figure, value in figures.items():
                values[measurement, name, figure].append(value)
                base = _find_base(net, name).get(figure, 0.0)
                if figure in OVER_PLAIN and base > 0:
                    ratios[measurement, name, figure].append(value / base)
    summary: Summary = defaultdict(lambda: defaultdict(dict))
    for (measurement, name, figure), found in values.items():
        entry: Figures = {"median": median(found), "min": min(found), "max": max(found)}
        if ratio := ratios.get((measurement, name, figure)):
            entry |= {"ratio": median(ratio), "ratio_min": min(ratio), "ratio_max": max(ratio)}
        summary[measurement][name][figure] = entry
    return summary


def _find_base(net: dict[str, dict[str, float]], name: str) -> dict[str, float]:
    with_content = net.get(BASE_WITH_CONTENT) if name in WITH_CONTENT else None
    return with_content or net.get(BASE, {})


def _net(row: Figures, plain: Figures | None) -> dict[str, float]:
    found = {name: row[name] for name in AS_THEY_ARE if name in row}
    for name in OVER_PLAIN:
        if name in row and plain is not None:
            found[name] = row[name] - plain[name]
    if plain is not None and "elapsed_us" in row:
        found["elapsed_percent"] = (row["elapsed_us"] / plain["elapsed_us"] - 1) * 100
    return found


def print_tables(summary: Summary) -> None:
    """One table for each measurement: median (min–max), ×ratio to the bare SDK (min–max)."""
    print(
        "Median (min–max) over rounds, over the plain function; × against the bare SDK that records as much, in the same round."
    )
    for measurement, columns in COLUMNS.items():
        if measurement not in summary:
            continue
        print(f"\n{TITLES[measurement]}\n")
        cells = [["", *(HEADS[column] for column in columns)]]
        for name, figures in sorted(summary[measurement].items()):
            cells.append([name, *(show_figure(figures.get(column)) for column in columns)])
        widths = [max(len(row[column]) for row in cells) for column in range(len(columns) + 1)]
        for row in cells:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def show_figure(entry: Figures | None) -> str:
    """Median, spread and ratio of one figure, in one cell."""
    if entry is None:
        return "unknown"
    text = f"{_short(entry['median'])} ({_short(entry['min'])}–{_short(entry['max'])})"
    if "ratio" in entry:
        text += f" ×{entry['ratio']:.2f} ({entry['ratio_min']:.2f}–{entry['ratio_max']:.2f})"
    return text


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 and value != int(value) else f"{value:.0f}"
