"""Draws what was spent, by agent and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foretell.cli.render.words import NOTHING, UNKNOWN, format_cost, format_count

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.cli.render.sums import ModelSum


def render_costs(sums: Sequence[ModelSum], width: int) -> RenderableType:
    """Draw the sums as a table with a total; unknown prices stay unknown in it."""
    from rich.table import Table
    from rich.text import Text

    has_tokens, has_failed = width >= 72, any(entry.failed for entry in sums)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("agent", no_wrap=True, overflow="ellipsis")
    table.add_column("model", no_wrap=True, overflow="ellipsis")
    headers = [
        "calls",
        *(["failed"] if has_failed else []),
        *(["input", "cached", "output"] if has_tokens else []),
        "cost",
    ]
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
    for entry in sums:
        cells = [Text(entry.agent), Text(entry.model), Text(format_count(entry.calls))]
        if has_failed:
            cells.append(Text(str(entry.failed) if entry.failed else "", "red"))
        if has_tokens:
            tokens = (entry.input_tokens, entry.cached_tokens, entry.output_tokens)
            cells += [Text(format_count(count) if count else NOTHING, "dim") for count in tokens]
        cost = format_cost(entry.cost_usd, entry.unpriced_calls)
        cells.append(Text(cost, "yellow" if cost == UNKNOWN or cost.startswith("≥") else ""))
        table.add_row(*cells)
    priced = [entry.cost_usd for entry in sums if entry.cost_usd is not None]
    total = format_cost(sum(priced) if priced else None, sum(entry.unpriced_calls for entry in sums))
    total_cells = [Text("total", "bold"), Text(""), Text(format_count(sum(entry.calls for entry in sums)), "bold")]
    total_cells += [Text("")] * (len(headers) - 2)
    table.add_row(*total_cells, Text(total, "bold"))
    return table


def shape_costs(sums: Sequence[ModelSum]) -> list[dict[str, Any]]:
    """Make the part of a shape that says what was spent; `cost_usd` is a lower bound while `unpriced_calls` is not 0."""
    return [
        {
            "agent": entry.agent,
            "model": entry.model,
            "calls": entry.calls,
            "failed": entry.failed,
            "input_tokens": entry.input_tokens,
            "cached_tokens": entry.cached_tokens,
            "output_tokens": entry.output_tokens,
            "cost_usd": entry.cost_usd,
            "unpriced_calls": entry.unpriced_calls,
        }
        for entry in sums
    ]
