"""The report as a small picture: recall on the left, false alarms on the right, each with its interval."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from bench.detection.wilson import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.detection.judging import Verdicts

ROW, LABEL, PANEL, GAP, TOP = 20, 170, 240, 40, 44
GOOD, BAD, FAINT, INK = "#2a7f62", "#b3362b", "#8a8f98", "#6b7280"


def make_chart(verdicts: Sequence[Verdicts]) -> str:
    """An SVG that reads on light and on dark pages."""
    height = TOP + ROW * len(verdicts) + 12
    width = LABEL + 2 * PANEL + GAP + 20
    second = LABEL + PANEL + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        f'font-family="sans-serif" font-size="12" fill="{INK}" aria-label="Recall and false alarms of each trigger">',
        _axis(LABEL, "recall", ("80 %", "90 %", "100 %"), height, mark=0.75),
        _axis(second, "false alarms", ("0 %", "5 %", "10 %"), height, mark=0.5),
    ]
    for at, each in enumerate(verdicts):
        y = TOP + ROW * at + ROW // 2
        low, high = wilson(each.detected, len(each.positives))
        false = each.false_negatives_heard / max(len(each.negatives), 1)
        false_low, false_high = each.false_interval
        parts.append(f'<text x="{LABEL - 10}" y="{y + 4}" text-anchor="end">{escape(each.suite.trigger)}</text>')
        scaled = [(value - 0.8) / 0.2 for value in (low, each.recall, high)]
        parts.append(_whisker(LABEL, y, scaled, is_good=each.recall >= 0.95))
        scaled = [value / 0.1 for value in (false_low, false, false_high)]
        parts.append(_whisker(second, y, scaled, is_good=false_high < 0.05))
    return "\n".join([*parts, "</svg>", ""])


def _axis(x: int, title: str, ticks: tuple[str, str, str], height: int, mark: float) -> str:
    """A panel's title, ticks, and the line that must not be crossed."""
    lines = [f'<text x="{x}" y="14" font-weight="bold">{title}</text>']
    for number, tick in enumerate(ticks):
        at = x + number * PANEL / 2
        lines.append(f'<text x="{at:g}" y="32" text-anchor="middle" font-size="10">{tick}</text>')
        lines.append(f'<line x1="{at:g}" x2="{at:g}" y1="38" y2="{height - 8}" stroke="{FAINT}" stroke-opacity="0.3"/>')
    at = x + mark * PANEL
    lines.append(f'<line x1="{at:g}" x2="{at:g}" y1="38" y2="{height - 8}" stroke="{BAD}" stroke-dasharray="3 3"/>')
    return "\n".join(lines)


def _whisker(x: int, y: int, scaled: Sequence[float], *, is_good: bool) -> str:
    low, at, high = (x + min(max(value, 0.0), 1.0) * PANEL for value in scaled)
    colour = GOOD if is_good else BAD
    return (
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2" stroke-opacity="0.5"/>'
        f'<circle cx="{at:.1f}" cy="{y}" r="4" fill="{colour}"/>'
    )
