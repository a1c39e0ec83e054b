"""`foretell export`: runs as a file that other tools read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretell.cli.options import (
    AgentOption,
    ContentOption,
    JsonOption,
    OutcomeOption,
    SessionOption,
    SinceOption,
    StoreOption,
    make_query,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from foretell.model.run import RunSummary
    from foretell.readers.store import StoreReader


def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File to write, or - for standard output.")],
    run: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Only these runs.  [default: all]")
    ] = None,
    agent: AgentOption = None,
    session: SessionOption = None,
    outcome: OutcomeOption = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many runs at most, the newest.")] = 1_000_000,
    content: ContentOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write runs as OTLP JSON lines, one request with the spans of one run on each line.

    Any collector with an OTLP JSON file receiver reads such a file, and so does `foretell import`.
    """
    from foretell.cli.reading import find_store, open_reader
    from foretell.cli.terminal import progress, say, write_json
    from foretell.cli.words import count_noun

    reader = open_reader(find_store(store))
    query = make_query(time.time_ns(), agent=agent, session=session, outcome=outcome, since=since, limit=limit)
    summaries = _list_named(reader, run) if run else list(reader.find_runs(query))
    calls = 0
    with progress("Exporting", len(summaries)) as step, _open(file) as lines:
        for summary, line, count in _encode(reader, summaries, content):
            lines.write(line + "\n")
            calls += count
            step()
            del summary
    if as_json and file != "-":
        write_json({"schema": "foretell.export/1", "file": file, "runs": len(summaries), "calls": calls})
    else:
        say(f"Wrote {count_noun(len(summaries), 'run')} with {count_noun(calls, 'call')} to {file}", "dim")


def _list_named(reader: StoreReader, names: Sequence[str]) -> list[RunSummary]:
    """Return the runs that were named by their first digits."""
    from foretell.cli.reading import load_run

    return [load_run(reader, name).summary for name in names]


def _encode(
    reader: StoreReader, summaries: Sequence[RunSummary], has_content: bool
) -> Iterator[tuple[RunSummary, str, int]]:
    """Yield each run, its line, and how many calls are in it."""
    from foretell.cli.otlp_line import encode_run

    for summary in summaries:
        run = reader.load_run(summary.id)
        yield summary, encode_run(run, has_content), len(run.calls)


class _open:  # noqa: N801  # reads as a verb after `with`
    """A text file to write that comes into being only when all was written; `-` is standard output."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        import sys

        self._file = sys.stdout if self._name == "-" else Path(self._name + ".part").open("w", encoding="utf-8")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._name == "-":
            return
        self._file.close()
        part = Path(self._name + ".part")
        part.replace(self._name) if kind is None else part.unlink()
