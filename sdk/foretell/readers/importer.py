"""Brings runs from elsewhere into the embedded store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from foretell.errors import StoreError
from foretell.model.call import Call
from foretell.readers.jsonlines import JsonLinesReader
from foretell.readers.openinference import load_traces
from foretell.store.queries import known_ids
from foretell.store.store import Store
from foretell.store.writing.batch import Batch
from foretell.store.writing.rows import signed
from foretell.store.writing.tables import clean_batch, pack_blobs, put_batch

_CALLS_PER_STEP = 1_000
_NO_NAMES: Mapping[str, str] = MappingProxyType({})

Loaded = tuple[list[Call], Mapping[str, str]]
"""Calls, and the service that recorded each run."""
Progress = Callable[[int, int], None]
"""Told how many calls are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    run_count: int
    call_count: int
    known_count: int
    """Calls that were in the store already and stayed as they were."""


def import_file(
    store: Store,
    file: Path,
    progress: Progress | None = None,
    refine: Callable[[Sequence[Call]], None] | None = None,
    *,
    format: str = "otlp",
) -> Imported:
    """Import a file in one of `FORMATS`: all of it or, where it is malformed, nothing.

    `refine` (cost, privacy) sees the calls before they are kept. Raises `MalformedLine`, `MalformedTrace`, `StoreError`.
    """
    calls, service_names = FORMATS[format](file)
    if refine is not None and calls:
        refine(calls)
    return import_calls(store, calls, progress, service_names=service_names)


def _load_lines(file: Path) -> Loaded:
    reader = JsonLinesReader([file])
    return reader.all_calls(), reader.service_names()


FORMATS: Mapping[str, Callable[[Path], Loaded]] = MappingProxyType({"otlp": _load_lines, "openinference": load_traces})
"""What a file may hold: OTLP JSON lines, or one tree of OpenInference spans."""


def import_calls(
    store: Store,
    calls: Sequence[Call],
    progress: Progress | None = None,
    *,
    service_names: Mapping[str, str] = _NO_NAMES,
) -> Imported:
    """Add finished calls in one transaction; calls that are here already stay untouched. Raises `StoreError`."""
    try:
        with store.transaction() as connection:
            fresh = _only_new(connection, calls)
            for start in range(0, len(fresh), _CALLS_PER_STEP):
                _put(connection, fresh[start : start + _CALLS_PER_STEP], service_names, store.now_ns())
                if progress is not None:
                    progress(min(start + _CALLS_PER_STEP, len(fresh)), len(fresh))
    except sqlite3.Error as error:
        raise StoreError(f"The store {store.file} took nothing: {error}.\nSee how it is: foretell doctor") from error
    return Imported(len({call.run_id for call in fresh}), len(fresh), len(calls) - len(fresh))


def _only_new(connection: sqlite3.Connection, calls: Sequence[Call]) -> list[Call]:
    known: dict[str, set[int]] = {}
    fresh = []
    for call in calls:
        ids = known.get(call.run_id)
        if ids is None:
            ids = known[call.run_id] = known_ids(connection, call.run_id)
        if signed(call.id) not in ids:
            ids.add(signed(call.id))
            fresh.append(call)
    return fresh


def _put(connection: sqlite3.Connection, calls: Sequence[Call], services: Mapping[str, str], now_ns: int) -> None:
    batch, nothing_open = Batch(), dict[int, bool]()
    for call in calls:
        batch.note_calls((call,), services.get(call.run_id, ""), nothing_open)
    clean_batch(batch)
    pack_blobs(batch)
    put_batch(connection, batch, None, now_ns)
