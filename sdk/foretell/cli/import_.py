"""`foretell import`: traces from elsewhere, into the store."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell.cli.options import JsonOption, StoreOption


def import_runs(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File with OTLP JSON lines.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read OTLP JSON lines (of `foretell export`, a collector's file exporter, or other tools) into the store."""
