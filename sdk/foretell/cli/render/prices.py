"""Draws and shapes a price list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foretell.cli.render.words import NOTHING, format_count

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.cost.prices import PriceRow


def render_prices(rows: Sequence[PriceRow], width: int) -> RenderableType:
    """Draw prices as a table; cache prices and the context window only where there is room."""
    from rich.table import Table
    from rich.text import Text

    wide = width >= 100
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("provider", no_wrap=True, overflow="ellipsis")
    table.add_column("model", no_wrap=True, overflow="ellipsis", min_width=16)
    for header in ("input", "output", *(("cache read", "cache write", "window") if wide else ())):
        table.add_column(header, justify="right", no_wrap=True)
    if width >= 76:
        table.add_column("source", no_wrap=True)
    for row in rows:
        cells = [Text(row.provider, "dim"), Text(row.model + (f" (agent {row.agent})" if row.agent else ""))]
        cells += [Text(say_price(row.input_usd, row.is_tiered)), Text(say_price(row.output_usd, row.is_tiered))]
        if wide:
            cells += [
                Text(say_price(row.cache_read_usd, row.is_tiered)),
                Text(say_price(row.cache_write_usd, row.is_tiered)),
            ]
            cells += [Text(format_count(row.context_window) if row.context_window else NOTHING, "dim")]
        if width >= 76:
            cells += [Text(row.source + (f" {row.date}" if row.date else ""), "dim")]
        table.add_row(*cells)
    return table


def say_price(usd: float | None, is_tiered: bool = False) -> str:
    """Say a price for a million tokens; `+` marks one that grows with the length of the input."""
    if usd is None:
        return NOTHING
    return f"{usd:,.2f}{'+' if is_tiered else ''}" if usd == 0 or usd >= 0.1 else f"{usd:.4g}{'+' if is_tiered else ''}"


def shape_prices(rows: Sequence[PriceRow]) -> dict[str, Any]:
    """Make `foretell.prices/1`: prices in US dollars for a million tokens, null where there is none."""
    return {
        "schema": "foretell.prices/1",
        "prices": [
            {
                "provider": row.provider,
                "model": row.model,
                "agent": row.agent,
                "input_usd": row.input_usd,
                "output_usd": row.output_usd,
                "cache_read_usd": row.cache_read_usd,
                "cache_write_usd": row.cache_write_usd,
                "is_tiered": row.is_tiered,
                "context_window": row.context_window,
                "source": row.source,
                "price_date": None if row.date is None else row.date.isoformat(),
            }
            for row in rows
        ],
    }
