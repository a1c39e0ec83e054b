"""`foretell runs`: the list of recorded runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from foretell.cli.options import (
    agent_option,
    json_option,
    make_query,
    outcome_option,
    search_option,
    session_option,
    since_option,
    store_option,
)


@click.command
@agent_option
@session_option
@outcome_option
@since_option
@search_option
@click.option("--limit", "-n", default=20, help="How many at most.", show_default=True)
@store_option
@json_option
def runs(
    agent: str | None,
    session: str | None,
    outcome: str | None,
    since: str | None,
    search: str | None,
    limit: int,
    store: Path | None,
    as_json: bool,
) -> None:
    """List recorded runs, newest first."""
    from foretell.cli.reading import FIRST_STEPS, find_store, has_store, open_reader
    from foretell.cli.terminal import say, write_json

    now_ns = time.time_ns()
    query = make_query(now_ns, agent=agent, session=session, outcome=outcome, since=since, text=search, limit=limit)
    directory = find_store(store)
    found = list(open_reader(directory).find_runs(query)) if has_store(directory) else []
    if as_json:
        from foretell.cli.shapes import shape_runs

        write_json(shape_runs(found))
    elif found:
        _draw(found, now_ns)
    else:
        is_filtered = any(word is not None for word in (agent, session, outcome, since, search))
        say("No run matches." if is_filtered else f"Nothing is recorded in {directory} yet.\n{FIRST_STEPS}")


def _draw(found: list, now_ns: int) -> None:  # type: ignore[type-arg]  # RunSummary is not imported for speed
    from foretell.cli.render.runs import render_runs
    from foretell.cli.terminal import measure_width, show

    show(render_runs(found, measure_width(), now_ns))
