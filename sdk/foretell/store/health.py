"""How the store is, for `foretell doctor`: looks without touching and never raises."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from foretell.errors import StoreError
from foretell.store.opening import FILE_NAME
from foretell.store.processes import Process, list_processes
from foretell.store.store import Store

_COUNTED = {"run_count": "runs", "call_count": "calls", "open_count": "open_calls", "outbox_count": "outbox"}


@dataclass(slots=True)
class StoreHealth:
    """What `inspect_health` found; fields it could not find out are at their default, and `problems` says why."""

    file: Path
    exists: bool = False
    size_bytes: int = 0
    wal_bytes: int = 0
    layout: int = 0
    run_count: int = 0
    call_count: int = 0
    open_count: int = 0
    """Calls marked open, those of killed processes included until somebody reads them."""
    outbox_count: int = 0
    outbox_bytes: int = 0
    processes: tuple[Process, ...] = ()
    alive: tuple[Process, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    """The self-counts of all processes, summed."""
    problems: list[str] = field(default_factory=list)
    blocker: str = ""
    """Why no store can be made or written there; empty where it can."""


def inspect_health(directory: Path, *, now_ns: Callable[[], int], check_integrity: bool = False) -> StoreHealth:
    """Look at the store under `directory`, read-only; `check_integrity` reads every page, which takes a while."""
    health = StoreHealth(directory / FILE_NAME)
    health.size_bytes = _size(health.file)
    health.wal_bytes = _size(Path(f"{health.file}-wal"))
    health.exists = health.file.exists()
    health.blocker = find_blocker(directory)
    if not health.exists:
        health.problems.append(f"There is no store at {health.file} yet. Record something: foretell run your_agent.py")
        return health
    try:
        store = Store.open(directory, now_ns=now_ns, read_only=True)
    except StoreError as error:
        health.problems.append(str(error))
        return health
    try:
        with store.reading() as connection:
            _look(connection, health, now_ns(), check_integrity)
    except (StoreError, sqlite3.Error, ValueError) as error:
        health.problems.append(str(error))
    finally:
        store.close()
    return health


def find_blocker(directory: Path) -> str:
    """Say why nothing can be written to `directory`, which need not be there yet; empty where it can."""
    place = next(path for path in (directory.absolute(), *directory.absolute().parents) if os.path.lexists(path))
    if not place.is_dir():
        return f"{place} is no directory, so there can be no store in it."
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} may not be written by this user, so nothing is kept there."
    return ""


def _look(connection: sqlite3.Connection, health: StoreHealth, now_ns: int, check_integrity: bool) -> None:
    health.layout = connection.execute("PRAGMA user_version").fetchone()[0]
    for name, table in _COUNTED.items():
        setattr(health, name, connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    health.outbox_bytes = connection.execute("SELECT ifnull(sum(size_bytes), 0) FROM outbox").fetchone()[0]
    health.processes = tuple(list_processes(connection))
    health.alive = tuple(process for process in health.processes if process.is_alive(now_ns))
    for (text,) in connection.execute("SELECT counts FROM processes WHERE counts IS NOT NULL"):
        for name, count in json.loads(text).items():
            health.counts[name] = health.counts.get(name, 0) + count
    if check_integrity:
        answers = [row[0] for row in connection.execute("PRAGMA quick_check")]
        health.problems += [f"{health.file}: {answer}" for answer in answers if answer != "ok"]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
