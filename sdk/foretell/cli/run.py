"""`foretell run`: a Python program as it is, recorded."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import time
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.main import Invocation
from foretell.cli.options import store_option
from foretell.cli.user_program import UserProgram

if TYPE_CHECKING:
    from foretell.model.run import RunSummary

MAX_REPORTED = 200


@click.command(context_settings={"allow_interspersed_args": False})  # what stands behind the program is the program's
@click.argument("target", metavar="PROGRAM")
@click.argument("arguments", metavar="[ARGUMENT]...", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "is_module", is_flag=True, help="PROGRAM is a module, as with python -m.")
@click.option("--service-name", help="Name of the program.  [default: as set, else PROGRAM's name]")
@store_option
@click.option("--quiet", "-q", is_flag=True, help="Say nothing afterwards.")
@click.option(
    "--json", "as_json", is_flag=True, help="Say afterwards what was recorded as one line of JSON, on standard error."
)
@click.pass_obj
def run(
    invocation: Invocation,
    target: str,
    arguments: tuple[str, ...],
    is_module: bool,
    service_name: str | None,
    store: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a Python program and record its agents.

    It runs just as `python PROGRAM` would, with Foretell set up around it. What is decorated, or instrumented automatically, is recorded. Afterwards one line on standard error says what it cost.
    """
    import foretell
    from foretell.cli.reading import load_cli_settings
    from foretell.settings import Source

    program = UserProgram(target, arguments, is_module=is_module)
    program.check()
    settings = load_cli_settings(store)
    if service_name is None and settings.origin_of("service_name").source is Source.DEFAULT:
        service_name = Path(target).stem
    # Exit handlers run in reverse: this one, the first, comes after the recording is written.
    atexit.register(program.end_by_signal)
    foretell.init(service_name, store=store)
    _begin_in_children(service_name, settings.store)
    program.prepare()
    if not quiet:
        _report_at_exit(settings.store, as_json)
    gc.freeze()  # what is loaded by now stays: the program's own collections need not look at it
    invocation.program = program


def _begin_in_children(service_name: str | None, store: Path) -> None:
    """Have the Python processes that the program starts recorded into the same store, under the same name."""
    from foretell.autostart.begin import ON_PATH
    from foretell.settings import hand_down

    name = {} if service_name is None else {"FORETELL_SERVICE_NAME": service_name}
    hand_down({**name, "FORETELL_STORE": str(store.absolute())}, ON_PATH)


def _report_at_exit(directory: Path, as_json: bool) -> None:
    """Have what was recorded said after the program and its own exit handlers are done."""
    started_ns = time.time_ns()
    pid = os.getpid()

    def report() -> None:
        if os.getpid() == pid:  # not in a forked child
            _report(directory, started_ns, as_json)

    atexit.register(report)


def _report(directory: Path, started_ns: int, as_json: bool) -> None:
    """Say on standard error what was recorded since."""
    import json

    import foretell
    from foretell.cli.reading import has_store, open_reader
    from foretell.cli.shapes import shape_summary
    from foretell.model.run import RunQuery

    try:
        foretell.flush(5)
        query = RunQuery(since_ns=started_ns, limit=MAX_REPORTED)
        found = list(open_reader(directory).find_runs(query)) if has_store(directory) else []
        if as_json:
            line = json.dumps({"schema": "foretell.recorded/1", "runs": [shape_summary(one) for one in found]})
        else:
            line = say_recorded(found, sys.modules)
        sys.stderr.write(f"{line}\n")
    except Exception as error:  # the program is done; its exit code is what counts
        sys.stderr.write(f"foretell: what was recorded cannot be read: {error}\n")


def say_what_is_missing(loaded: Container[str]) -> str:
    """Say what to type so that the next run is recorded: the extra of a framework that the program has imported."""
    from foretell.integrations.choosing import choose
    from foretell.integrations.registry import list_subjects

    for integration in list_subjects():
        choice = choose(integration) if integration.package in loaded else None
        if choice is not None and choice.version is not None and choice.candidate is None:
            advice = next((refusal.advice for refusal in choice.refusals if refusal.advice), choice.extra)
            return f"to record {integration.title}: {advice}"
    return "put @foretell.instrument_agent on your agent, or ask: foretell doctor"


def say_recorded(found: list[RunSummary], loaded: Container[str] = ()) -> str:
    """Say in one line what was recorded, newest run first, and how to see it; `loaded` is what the program imported."""
    from foretell.cli.render.runs import ID_DIGITS
    from foretell.cli.render.words import OUTCOME_WORDS, count_noun, format_cost
    from foretell.model.kinds import Outcome

    if not found:
        return f"foretell: no run was recorded; {say_what_is_missing(loaded)}"
    newest = found[0]
    calls = count_noun(sum(one.call_count for one in found), "call")
    priced = [one.cost_usd for one in found if one.cost_usd is not None]
    cost = format_cost(sum(priced) if priced else None, sum(one.unpriced_calls for one in found))
    parts = [calls] + ([] if cost == "–" else [f"cost {cost}"])
    if len(found) == 1:
        parts.insert(0, OUTCOME_WORDS[newest.outcome])
        return f"foretell: run {newest.id[:ID_DIGITS]} · {' · '.join(parts)} · see it: foretell show {newest.id[:ID_DIGITS]}"
    failed = sum(one.outcome not in (Outcome.OK, Outcome.OPEN) for one in found)
    parts = [f"{failed} did not end well", *parts] if failed else parts
    many = f"{len(found)}{'+' if len(found) == MAX_REPORTED else ''} runs"
    return f"foretell: {many} · {' · '.join(parts)} · see them: foretell runs -n {len(found)}"
