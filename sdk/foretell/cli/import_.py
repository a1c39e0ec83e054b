"""`foretell import`: traces from elsewhere, into the store."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foretell.cli.options import json_option, store_option
from foretell.errors import ForetellError, StoreError

if TYPE_CHECKING:
    from foretell.cli.refining import Refine
    from foretell.readers.importer import Imported
    from foretell.store.store import Store

Results = dict[Path, "Imported | ForetellError"]
Shape = dict[str, Any]  # JSON


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    default="otlp",
    help="What the files hold: otlp (JSON lines) or openinference (nested spans).",
    show_default=True,
)
@store_option
@json_option
def import_runs(files: tuple[Path, ...], format: str, store: Path | None, as_json: bool) -> None:
    """Bring traces from files into the store.

    A FILE holds OTLP JSON lines, as `foretell export`, a collector's file exporter and other tools write them, or, with
    `--format openinference`, one JSON document of nested OpenInference spans. Costs are worked out and contents
    redacted as if the calls had been recorded here. Calls that the store has already stay as they are, so importing a
    file again changes nothing. Of several files those that cannot be read are named, and the others imported.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.refining import make_refiner
    from foretell.cli.terminal import say, write_json
    from foretell.readers.importer import FORMATS
    from foretell.store.store import Store

    if format not in FORMATS:
        raise ForetellError(f"--format {format!r} is unknown; it is one of: {', '.join(FORMATS)}.")
    if len(files) == 1:
        _check(files[0])
    settings = load_cli_settings(store)
    opened = Store.open(settings.store, now_ns=time.time_ns)
    refine = make_refiner(settings, opened.identity_key())
    done = (
        _import_one(opened, files[0], refine, format) if len(files) == 1 else _import_all(opened, files, refine, format)
    )
    opened.close()
    if as_json:
        write_json(_shape(done))
    else:
        say(_sum_up(done), "dim")
    if any(isinstance(result, ForetellError) for result in done.values()):
        raise click.exceptions.Exit(1)


def _check(file: Path) -> None:
    if not file.is_file():
        raise ForetellError(f"There is no file {str(file)!r} here.")


def _import_one(store: Store, file: Path, refine: Refine, format: str) -> Results:
    """Import the only file, showing its calls go by; one that cannot be read is the whole request's fault."""
    from foretell.cli.terminal import progress
    from foretell.readers.importer import import_file

    with progress("Importing") as tell:
        return {file: import_file(store, file, tell, refine, format=format)}


def _import_all(store: Store, files: Sequence[Path], refine: Refine, format: str) -> Results:
    """Import file after file; one that cannot be read is named and takes no other along."""
    from foretell.cli.terminal import progress, say
    from foretell.readers.importer import import_file

    results: Results = {}
    with progress("Importing files") as tell:
        for at, file in enumerate(files):
            tell(at, len(files))
            try:
                _check(file)
                results[file] = import_file(store, file, None, refine, format=format)
            except StoreError:
                raise
            except ForetellError as error:
                results[file] = error
    for result in results.values():
        if isinstance(result, ForetellError):
            say(str(result).partition("\n")[0], "red")
    return results


def _shape(results: Results) -> Shape:
    """Make `foretell.import/1`: sums, and each file by itself."""
    shapes: list[Shape] = [
        {"file": str(file), "error": str(result).partition("\n")[0]}
        if isinstance(result, ForetellError)
        else {"file": str(file), **_count(result), "error": None}
        for file, result in results.items()
    ]
    sums = {key: sum(shape.get(key, 0) for shape in shapes) for key in ("runs", "calls", "known_calls")}
    return {"schema": "foretell.import/1", "file": shapes[0]["file"], **sums, "files": shapes}


def _count(done: Imported) -> Shape:
    return {"runs": done.run_count, "calls": done.call_count, "known_calls": done.known_count}


def _sum_up(results: Results) -> str:
    from foretell.cli.render.words import count_noun

    done = [result for result in results.values() if not isinstance(result, ForetellError)]
    runs, calls = sum(one.run_count for one in done), sum(one.call_count for one in done)
    known = sum(one.known_count for one in done)
    said = f"Imported {count_noun(runs, 'run')} with {count_noun(calls, 'call')}"
    if len(results) > 1:
        said += f" from {len(done)} of {count_noun(len(results), 'file')}"
    return f"{said}; {count_noun(known, 'call')} {'was' if known == 1 else 'were'} there already" if known else said
