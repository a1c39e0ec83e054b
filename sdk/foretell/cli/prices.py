"""`foretell prices`: what models cost, by the list and by your own file."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from foretell.cli.options import json_option


@click.command
@click.argument("search", metavar="[WORD]...", nargs=-1)
@click.option("--limit", "-n", default=40, help="How many at most (0: all).", show_default=True)
@json_option
def prices(search: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List the prices of models.

    With WORDs only of those whose provider or name has them. These are the prices by which costs are worked out, in US dollars for a million tokens; your own stand first.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.render.prices import render_prices, shape_prices
    from foretell.cli.terminal import measure_width, say, show, write_json
    from foretell.cost.prices import PriceBook

    now = datetime.now(timezone.utc)
    rows = PriceBook(load_cli_settings().price_file).list_prices(" ".join(search), at=now)
    shown = rows if limit == 0 else rows[:limit]
    if as_json:
        write_json(shape_prices(rows if limit == 40 else shown))
    elif rows:
        show(render_prices(shown, measure_width()))
        if len(rows) > len(shown):
            say(f"… {len(rows) - len(shown):,} more; narrow it down with a word, or see all with --limit 0", "dim")
    else:
        say(
            f"No price is known for {' '.join(search)!r}; its cost is shown as unknown.\n"
            "Give it a price in your own file: see the setting price_file."
        )
