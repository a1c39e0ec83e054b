"""Finds the store that a command means, and the run that was typed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.model.run import Run
    from foretell.readers.protocol import TraceReader
    from foretell.readers.store import StoreReader
    from foretell.settings import Settings

FIRST_STEPS = "Record something first: foretell demo, or foretell run your_agent.py"


def load_cli_settings(store: Path | None = None) -> Settings:
    """Load the settings as a program started here would see them; `store` is what was typed."""
    from foretell.settings import load_settings, read_environment

    return load_settings({"store": store}, read_environment(), Path.cwd())


def find_store(store: Path | None = None) -> Path:
    """Return the directory of the store, whether it is there or not."""
    return load_cli_settings(store).store


def has_store(directory: Path) -> bool:
    """Say whether anything was ever recorded there."""
    from foretell.store.opening import FILE_NAME

    return (directory / FILE_NAME).exists()


def open_reader(directory: Path) -> StoreReader:
    """Open the store of that directory for reading; raises `ForetellError` where there is none."""
    from foretell.readers.store import StoreReader
    from foretell.store.store import Store

    if not has_store(directory):
        raise ForetellError(f"There is no store in {directory} yet.\n{FIRST_STEPS}")
    # A reader that may write also settles what killed processes left open, and indexes words.
    return StoreReader(Store.open(directory, now_ns=time.time_ns, read_only=not os.access(directory, os.W_OK)))


def load_run(reader: TraceReader, id_prefix: str | None) -> Run:
    """Load the run that an id's first digits name, or the newest; raises `ForetellError` where there is none."""
    from foretell.readers.protocol import resolve_run

    return reader.load_run(resolve_run(reader, None if id_prefix is None else id_prefix.lower()))
