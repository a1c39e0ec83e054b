"""Which processes write here, and whether they still live."""

from __future__ import annotations

import os
import sqlite3
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.store.store import Store

STALE_NS = 30_000_000_000
"""Silence after which a process that we cannot look at counts as dead."""


@dataclass(frozen=True, slots=True)
class Process:
    """One writing process, as the store knows it."""

    key: int
    pid: int
    start_token: str
    host: str
    service_name: str
    slot: int | None
    started_ns: int
    heartbeat_ns: int
    ended_ns: int | None

    def is_alive(self, now_ns: int) -> bool:
        """False once it said goodbye, is gone from this machine, or (elsewhere) is silent for 30 s."""
        if self.ended_ns is not None:
            return False
        if self.host == host_name() and _place(self.start_token) == _place(start_token(os.getpid())):
            return _exists(self.pid) and start_token(self.pid) in (self.start_token, "")
        return now_ns - self.heartbeat_ns <= STALE_NS


_COLUMNS = "key, pid, start_token, host, service_name, slot, started_ns, heartbeat_ns, ended_ns"


def list_processes(connection: sqlite3.Connection, where: str = "1") -> list[Process]:
    """All processes, or those for which the SQL condition `where` holds."""
    return [Process(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM processes WHERE {where}")]


def register_process(connection: sqlite3.Connection, service_name: str, now_ns: int, version: str = "") -> int:
    """Enter this process under `service_name` and give its key; the same one when it was entered before."""
    pid = os.getpid()
    me = (pid, start_token(pid), host_name(), service_name)
    row = connection.execute(
        "SELECT key FROM processes WHERE pid = ? AND start_token = ? AND host = ? AND service_name = ?", me
    ).fetchone()
    if row is not None:
        beat(connection, row[0], now_ns)
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO processes (pid, start_token, host, service_name, started_ns, heartbeat_ns, python, foretell) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*me, now_ns, now_ns, sys.version.split()[0], version),
    )
    return int(cursor.lastrowid or 0)


def beat(connection: sqlite3.Connection, key: int, now_ns: int, counts: str | None = None) -> None:
    """Say that the process lives."""
    connection.execute(
        "UPDATE processes SET heartbeat_ns = ?, ended_ns = NULL, counts = ifnull(?, counts) WHERE key = ?",
        (now_ns, counts, key),
    )


def say_goodbye(connection: sqlite3.Connection, key: int, now_ns: int, counts: str | None = None) -> None:
    """Say that the process ended on purpose; its slot is free again."""
    connection.execute(
        "UPDATE processes SET heartbeat_ns = ?, ended_ns = ?, counts = ifnull(?, counts) WHERE key = ?",
        (now_ns, now_ns, counts, key),
    )


def lease_slot(store: Store, service_name: str) -> int:
    """Lease the lowest number that no living process of this service on this host has.

    `service.instance.id` is made of host and slot, so that a thousand short scripts are not a thousand series.
    """
    now_ns = store.now_ns()
    with store.transaction() as connection:
        key = register_process(connection, service_name, now_ns)
        peers = [
            process
            for process in list_processes(connection, "slot IS NOT NULL AND ended_ns IS NULL")
            if process.service_name == service_name and process.host == host_name()
        ]
        mine = next((process.slot for process in peers if process.key == key), None)
        if mine is not None:
            return mine
        taken = {process.slot for process in peers if process.is_alive(now_ns)}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        connection.execute("UPDATE processes SET slot = ? WHERE key = ?", (slot, key))
        return slot


@lru_cache(maxsize=1)
def host_name() -> str:
    """This machine's name."""
    import socket

    return socket.gethostname()


def start_token(pid: int) -> str:
    """What tells a process from a later one with the same pid: start time, boot and pid namespace; "" if unknown."""
    try:
        # The command's name stands in brackets and may hold anything; start time is the 20th field after it.
        started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{started}@{_space()}"


@lru_cache(maxsize=1)
def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _place(token: str) -> str:
    return token.partition("@")[2]


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        # os.kill(pid, 0) would send Ctrl+C there; the start token says enough of ourselves.
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
