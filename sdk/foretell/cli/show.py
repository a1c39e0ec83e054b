"""`foretell show`: one run as a tree."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.options import content_option, json_option, run_argument, store_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.model.run import Run
    from foretell.readers.protocol import TraceReader

POLL_S = 0.25


@click.command
@run_argument
@click.option("--follow", "-f", is_flag=True, help="Keep drawing until the run has ended.")
@content_option
@click.option("--logs", is_flag=True, help="Every log line, not only warnings and worse.")
@click.option("--limit", "-n", default=200, help="How many calls (and log lines) to draw at most.", show_default=True)
@store_option
@json_option
def show(
    run: str | None, follow: bool, content: bool, logs: bool, limit: int, store: Path | None, as_json: bool
) -> None:
    """Show one run as a tree.

    RUN is the id of a run, or its first digits; without one it is the newest.

    What called what, how long it took, what it cost, what failed, and what is about to go wrong.
    """
    from foretell.cli.reading import find_store, load_run, open_reader
    from foretell.cli.terminal import show as draw
    from foretell.cli.terminal import write_json

    draw_run = partial(_render, has_content=content, has_logs=logs, limit=limit)
    reader = open_reader(find_store(store))
    loaded = load_run(reader, run)
    if follow:
        loaded = _follow(reader, loaded, draw_run, is_silent=as_json)
        if not as_json and _is_watched():
            return
    if as_json:
        from foretell.cli.shapes import shape_run

        write_json(shape_run(loaded, content, logs))
    else:
        draw(draw_run(loaded))


def _render(run: Run, *, has_content: bool, has_logs: bool, limit: int) -> RenderableType:
    from foretell.cli.render.run import Look, render_run
    from foretell.cli.terminal import measure_width

    return render_run(run, Look(measure_width(), time.time_ns(), has_content, limit, has_logs))


def _is_watched() -> bool:
    """Say whether standard output is a terminal, where a drawing can change."""
    import sys

    return sys.stdout.isatty()


def _follow(reader: TraceReader, run: Run, draw_run: Callable[[Run], RenderableType], *, is_silent: bool) -> Run:
    """Load the run again and again until it has ended, drawing it meanwhile where a person watches."""
    import sys
    from contextlib import nullcontext

    from rich.live import Live

    from foretell.cli.terminal import make_console

    live = None
    if not is_silent and _is_watched():
        first = draw_run(run)
        live = Live(first, console=make_console(sys.stdout), auto_refresh=False, vertical_overflow="crop")
    with live or nullcontext():
        while run.summary.end_ns is None:
            time.sleep(POLL_S)
            run = reader.load_run(run.summary.id)
            if live is not None:
                live.update(draw_run(run), refresh=True)
        if live is not None:
            live.vertical_overflow = "visible"
            live.update(draw_run(run), refresh=True)
    return run
