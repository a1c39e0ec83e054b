"""`foretell export`: runs as a file that other tools read."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from foretell.cli.options import (
    agent_option,
    content_option,
    json_option,
    make_query,
    outcome_option,
    session_option,
    since_option,
    store_option,
)
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from foretell.model.run import RunSummary
    from foretell.readers.store import StoreReader


@click.command
@click.argument("file")
@click.argument("run", nargs=-1)
@agent_option
@session_option
@outcome_option
@since_option
@click.option("--limit", "-n", default=1_000_000, help="How many runs at most, the newest.", show_default=True)
@content_option
@store_option
@json_option
def export(
    file: str,
    run: tuple[str, ...],
    agent: str | None,
    session: str | None,
    outcome: str | None,
    since: str | None,
    limit: int,
    content: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Write runs to a file of OTLP JSON lines.

    FILE is the file to write, or - for standard output; with RUNs only these are written, else all. Each line is a request with the spans of one run. Any collector with an OTLP JSON file receiver reads such a file, and so does `foretell import`.
    """
    from foretell.cli.reading import find_store, open_reader
    from foretell.cli.render.words import count_noun
    from foretell.cli.terminal import progress, say, write_json

    reader = open_reader(find_store(store))
    query = make_query(time.time_ns(), agent=agent, session=session, outcome=outcome, since=since, limit=limit)
    summaries = _list_named(reader, run) if run else list(reader.find_runs(query))
    calls = 0
    with progress("Exporting") as tell, _open(file) as lines:
        for done, (line, count) in enumerate(_encode(reader, summaries, content), start=1):
            lines.write(f"{line}\n")
            calls += count
            tell(done, len(summaries))
    if as_json and file != "-":
        write_json({"schema": "foretell.export/1", "file": file, "runs": len(summaries), "calls": calls})
    else:
        say(f"Wrote {count_noun(len(summaries), 'run')} with {count_noun(calls, 'call')} to {file}", "dim")


def _list_named(reader: StoreReader, names: Sequence[str]) -> list[RunSummary]:
    """Return the runs that were named by their first digits."""
    from foretell.cli.reading import load_run

    return [load_run(reader, name).summary for name in names]


def _encode(reader: StoreReader, summaries: Sequence[RunSummary], has_content: bool) -> Iterator[tuple[str, int]]:
    """Yield each run's line, and how many calls are in it."""
    from foretell.cli.otlp_line import encode_run

    for summary in summaries:
        run = reader.load_run(summary.id)
        yield encode_run(run, has_content), len(run.calls)


@contextmanager
def _open(name: str) -> Iterator[TextIO]:
    """Open a text file that comes into being only when all of it was written; `-` is standard output."""
    if name == "-":
        yield sys.stdout
        return
    part = Path(f"{name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(name)
    except OSError as error:
        raise ForetellError(f"The file {name!r} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
