"""`foretell import`: traces from elsewhere, into the store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from foretell.cli.options import JsonOption, StoreOption
from foretell.errors import ForetellError


def import_runs(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File with OTLP JSON lines.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring traces from a file into the store.

    FILE holds OTLP JSON lines, as `foretell export`, a collector's file exporter and other tools write them. Costs are
    worked out and contents redacted as if the calls had been recorded here. Calls that the store has already stay as
    they are, so importing a file again changes nothing.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.refining import make_refiner
    from foretell.cli.render.words import count_noun
    from foretell.cli.terminal import progress, say, write_json
    from foretell.readers.importer import import_file
    from foretell.store.store import Store

    if not file.is_file():
        raise ForetellError(f"There is no file {str(file)!r} here.")
    settings = load_cli_settings(store)
    opened = Store.open(settings.store, now_ns=time.time_ns)
    with progress("Importing") as tell:
        done = import_file(opened, file, tell, make_refiner(settings, opened.identity_key()))
    opened.close()
    if as_json:
        counts = {"runs": done.run_count, "calls": done.call_count, "known_calls": done.known_count}
        write_json({"schema": "foretell.import/1", "file": str(file), **counts})
        return
    known = f"; {count_noun(done.known_count, 'call')} were there already" if done.known_count else ""
    say(f"Imported {count_noun(done.run_count, 'run')} with {count_noun(done.call_count, 'call')}{known}", "dim")
