"""Draws a list of runs as a table that fits the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.cli.render.words import (
    NOTHING,
    UNKNOWN,
    format_age,
    format_cost,
    format_count,
    format_duration,
    printable,
    say_outcome,
    shorten,
)

if TYPE_CHECKING:
    from rich.console import JustifyMethod, RenderableType
    from rich.text import Text

    from foretell.model.run import RunSummary

GAP = 2
"""Columns between two columns."""
ID_DIGITS = 8
"""Digits of a run's id that a list shows: enough to name it on the command line."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list, and from which terminal width on it is shown."""

    header: str
    from_width: int
    is_number: bool = True
    may_shrink: bool = False


COLUMNS = (
    Column("run", 0, is_number=False),
    Column("agent", 0, is_number=False, may_shrink=True),
    Column("outcome", 0, is_number=False),
    Column("when", 60),
    Column("took", 52),
    Column("calls", 76),
    Column("tokens", 92),
    Column("cost", 44),
    Column("findings", 76),
    Column("why", 110, is_number=False, may_shrink=True),
)


def render_runs(runs: Sequence[RunSummary], width: int, now_ns: int) -> RenderableType:
    """Draw runs in the order given; columns that do not fit are left out, the least needed first."""
    from rich.table import Table

    lines = [_draw_cells(run, now_ns) for run in runs]
    columns = [column for column in COLUMNS if width >= column.from_width]
    columns = [
        column
        for column in columns
        if column.header not in {"findings", "why"} or any(line[column.header] for line in lines)
    ]
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style="dim", pad_edge=False)
    for column, cell_width in zip(columns, _fit(columns, lines, width), strict=True):
        justify: JustifyMethod = "right" if column.is_number else "left"
        table.add_column(column.header, justify=justify, no_wrap=True, overflow="ellipsis", width=cell_width)
    for line in lines:
        table.add_row(*(line[column.header] for column in columns))
    return table


def _fit(columns: Sequence[Column], lines: Sequence[dict[str, Text]], width: int) -> list[int]:
    """Return each column's width: as wide as its cells, but for those that may shrink, which share what is left."""
    natural = [max(len(column.header), *(line[column.header].cell_len for line in lines)) for column in columns]
    left = (
        width
        - GAP * (len(columns) - 1)
        - sum(size for column, size in zip(columns, natural, strict=True) if not column.may_shrink)
    )
    widths = []
    for column, size in zip(columns, natural, strict=True):
        if column.may_shrink:
            later = 24 if column.header == "agent" and columns[-1].header == "why" else 0
            size = max(min(size, left - later), len(column.header))  # noqa: PLW2901  # it shrinks
            left -= size
        widths.append(size)
    return widths


def _draw_cells(run: RunSummary, now_ns: int) -> dict[str, Text]:
    """Return the cells of one run by their column's header."""
    from rich.text import Text

    tokens = run.input_tokens + run.output_tokens
    mark, word, style = say_outcome(run)
    cost = format_cost(run.cost_usd, run.unpriced_calls)
    is_unsure = cost == UNKNOWN or cost.startswith("≥")
    seconds = ((run.end_ns or now_ns) - run.start_ns) / 1e9
    is_open = run.end_ns is None
    return {
        "run": Text(run.id[:ID_DIGITS], "bold"),
        "agent": Text(printable(run.agent_name or run.name)),
        "outcome": Text(f"{mark} {word}", style),
        "when": Text(format_age(run.start_ns, now_ns), "dim"),
        "took": Text(format_duration(seconds) + ("…" if is_open else ""), "cyan" if is_open else ""),
        "calls": Text(format_count(run.call_count)),
        "tokens": Text(format_count(tokens) if tokens else NOTHING, "" if tokens else "dim"),
        "cost": Text(cost, "yellow" if is_unsure else "dim" if cost == NOTHING else ""),
        "findings": Text(f"▲ {run.finding_count}" if run.finding_count else "", "yellow"),
        "why": Text(shorten(run.error_message or "", 200), "dim red"),
    }
