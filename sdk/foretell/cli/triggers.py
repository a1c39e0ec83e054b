"""`foretell triggers`: what can go wrong here, whether it did in a recorded run, and whether anybody would hear of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.options import json_option, run_argument, store_option
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.model.run import Run
    from foretell.readers.store import StoreReader

RELOAD = "A Prometheus that runs takes them with: curl -X POST http://127.0.0.1:9090/-/reload"
BASELINE_RUNS = 200
"""So many earlier runs of the agent are shown to the detectors first."""


@click.group(invoke_without_command=True)
@store_option
@json_option
@click.pass_context
def triggers(context: click.Context, store: Path | None, as_json: bool) -> None:
    """List what can go wrong, with limits and state.

    Each trigger with its severity, who judges it, what is done when it fires, its limits and where each came from, and
    whether it fires now.
    """
    if context.invoked_subcommand is not None:
        return
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.render.triggers import render_triggers, shape_triggers
    from foretell.cli.standing import list_standings
    from foretell.cli.terminal import measure_width, show, write_json

    settings = load_cli_settings(store)
    standings = list_standings(settings, time.time_ns)
    if as_json:
        write_json(shape_triggers(standings))
    else:
        show(render_triggers(standings, measure_width(), time.time_ns()))


@triggers.command
@run_argument
@click.option(
    "--baseline", default=BASELINE_RUNS, help="Show so many earlier runs of the agent first.", show_default=True
)
@store_option
@json_option
def check(run: str | None, baseline: int, store: Path | None, as_json: bool) -> None:
    """Judge a recorded run by today's limits.

    RUN is the id of a run, or its first digits; without one it is the newest. The same detectors as in a live process see the run's calls again; earlier runs of its agent tell them what is usual.
    Exit code 1 where anything fires.
    """
    from foretell.analysis.check_run import check_run
    from foretell.cli.reading import load_cli_settings, load_run, open_reader
    from foretell.cli.render.triggers import render_checked, shape_checked
    from foretell.cli.standing import make_all_detectors
    from foretell.cli.terminal import show, write_json
    from foretell.watchdog.episodes import Episodes

    settings = load_cli_settings(store)
    reader = open_reader(settings.store)
    loaded = load_run(reader, run)
    earlier = _load_earlier(reader, loaded, baseline)
    checked = check_run(loaded, make_all_detectors(settings), Episodes(), earlier, time.time_ns())
    if as_json:
        write_json(shape_checked(loaded.summary, checked))
    else:
        show(*render_checked(loaded.summary, checked))
    if checked.findings:
        raise click.exceptions.Exit(1)


def _load_earlier(reader: StoreReader, run: Run, limit: int) -> list[Run]:
    """Load the runs of the same agent that began before this one, oldest first."""
    from foretell.cli.terminal import progress
    from foretell.model.run import RunQuery

    name = run.summary.agent_name
    if name is None or limit < 1:
        return []
    query = RunQuery(agent_name=name, until_ns=run.summary.start_ns - 1, limit=limit)
    lines = [line for line in reader.find_runs(query) if line.id != run.summary.id and line.end_ns is not None]
    earlier = []
    with progress("Loading earlier runs") as tell:
        for at, line in enumerate(reversed(lines)):
            tell(at, len(lines))
            earlier.append(reader.load_run(line.id))
    return earlier


@triggers.command("test")
@click.argument("trigger")
@click.option(
    "--hold",
    "hold_s",
    type=float,
    help="Seconds until it is over.  [default: 60 where metrics are exported, else 0]",
)
@store_option
@json_option
def fire_on_purpose(trigger: str, hold_s: float | None, store: Path | None, as_json: bool) -> None:
    """Fire a trigger on purpose, to test who hears of it.

    TRIGGER is its id, such as agent_loop. A finding that says so goes the way of all findings: store, log, metrics (gauge and counter), webhook. It is held for
    a while, so that Prometheus sees it and pages, and then it is over. Exit code 1 where it did not get out.
    """
    from foretell.cli.firing import fire
    from foretell.cli.render.triggers import say_fired, shape_fired
    from foretell.cli.terminal import say, write_json
    from foretell.triggers.catalogue import find_trigger

    if hold_s is not None and not 0 <= hold_s <= 86_400:
        raise ForetellError(f"--hold {hold_s:g} makes no sense; give seconds from 0 to 86400.")
    found = find_trigger(trigger)
    fired = fire(found, store, hold_s, lambda seconds: None if as_json else say(_say_hold(seconds), "dim"))
    if as_json:
        write_json(shape_fired(fired))
    else:
        say(say_fired(fired))
    if not fired.is_out:
        raise click.exceptions.Exit(1)


@triggers.command
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@json_option
def rules(folder: Path | None, as_json: bool) -> None:
    """Write Prometheus's rules with your limits.

    Limits, budgets and expected agents are those that a program started here would have. FOLDER is where Prometheus finds its rules; without one
    it is that of the stack which `foretell up` starts.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.terminal import say, write_json
    from foretell.settings import read_environment
    from foretell.stack.files import find_place, settle
    from foretell.triggers.fleet_files import make_files

    files = make_files(load_cli_settings())
    if folder is None:
        place = find_place(read_environment())
        settle(place)
        folder = place.directory / "deploy" / "prometheus" / "rules"
    written = [_write(folder / name, text) for name, text in files.items()]
    if as_json:
        write_json({"schema": "foretell.rules/1", "written": [str(path) for path in written]})
    else:
        say("".join(f"Written: {path}\n" for path in written) + RELOAD)


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)  # Prometheus runs as another user
    except OSError as error:
        raise ForetellError(
            f"{path} cannot be written: {error.strerror}.\nName another folder: foretell triggers rules FOLDER"
        ) from error
    return path


def _say_hold(seconds: float) -> str:
    return f"It fires for {seconds:g} s, so that the fleet's rules see it. Ctrl-C ends it sooner."
