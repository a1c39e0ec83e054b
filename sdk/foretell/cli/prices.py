"""`foretell prices`: what models cost, by the list and by your own file."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated

import typer

from foretell.cli.options import JsonOption


def prices(
    search: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Only models whose provider or name has these words."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most (0: all).")] = 40,
    as_json: JsonOption = False,
) -> None:
    """List the prices of models.

    These are the prices by which costs are worked out, in US dollars for a million tokens; your own stand first.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.render.prices import render_prices, shape_prices
    from foretell.cli.terminal import measure_width, say, show, write_json
    from foretell.cost.prices import PriceBook

    now = datetime.now(timezone.utc)
    rows = PriceBook(load_cli_settings().price_file).list_prices(" ".join(search or ()), at=now)
    shown = rows if limit == 0 else rows[:limit]
    if as_json:
        write_json(shape_prices(rows if limit == 40 else shown))
    elif rows:
        show(render_prices(shown, measure_width()))
        if len(rows) > len(shown):
            say(f"… {len(rows) - len(shown):,} more; narrow it down with a word, or see all with --limit 0", "dim")
    else:
        say(
            f"No price is known for {' '.join(search or ())!r}; its cost is shown as unknown.\n"
            "Give it a price in your own file: see the setting price_file."
        )
