"""`foretell runs`: the list of recorded runs."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from foretell.cli.options import (
    AgentOption,
    JsonOption,
    OutcomeOption,
    SessionOption,
    SinceOption,
    StoreOption,
    TextOption,
    make_query,
)


def runs(
    agent: AgentOption = None,
    session: SessionOption = None,
    outcome: OutcomeOption = None,
    since: SinceOption = None,
    search: TextOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.")] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List recorded runs, newest first."""
    from foretell.cli.reading import FIRST_STEPS, find_store, has_store, open_reader
    from foretell.cli.shapes import shape_runs
    from foretell.cli.terminal import say, write_json

    now_ns = time.time_ns()
    query = make_query(now_ns, agent=agent, session=session, outcome=outcome, since=since, text=search, limit=limit)
    directory = find_store(store)
    found = list(open_reader(directory).find_runs(query)) if has_store(directory) else []
    if as_json:
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
