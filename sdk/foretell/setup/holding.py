"""Halting and pausing: what findings do to runs, and how other processes let them go on."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from foretell.errors import FAULTS, StoreError
from foretell.store.writing.pauses import Pause, PauseBook
from foretell.watchdog.telling import Helper

if TYPE_CHECKING:
    from foretell.instrument.gates.gate import Gates
    from foretell.model.finding import Finding
    from foretell.setup.running import Running


class Holding(Helper):
    """Takes hold of runs where `actions` say so for the trigger of a finding."""

    def __init__(self, running: Running, gates: Gates) -> None:
        """Act as the settings say."""
        self._running = running
        self._gates = gates
        self._book: PauseBook | None = None

    def take(self, finding: Finding) -> None:
        """Halt or pause, or let go where what was found is over."""
        action = self._running.settings.actions.get(finding.trigger)
        if finding.end_ns is not None:
            self._gates.lift(finding)
        elif action == "halt":
            self._gates.halt(finding)
        elif action == "pause":
            self._gates.pause(finding)
            FAULTS.tell(_describe_pause(finding))
        self._show_gate()

    def attend(self) -> bool:
        """Let go of what is over, or what somebody wants to go on; True while something is held."""
        self._gates.tidy()
        self._sync()
        self._show_gate()
        return not self._gates.is_open

    def close(self) -> None:
        """Let everything go on."""
        self._gates.open_all()
        self._sync()
        self._show_gate()

    def after_fork(self) -> None:
        """Start afresh."""
        self._gates.after_fork()
        self._book = None
        self._show_gate()

    def _sync(self) -> None:
        """Show in the store what is paused, so that another terminal can let it go on."""
        store = self._running.store
        held = {} if store is None else self._gates.list_paused()
        if store is None or not (held or self._book):
            return
        if self._book is None:
            self._book = PauseBook(store, self._running.settings.service_name)
        now_ns, now_s = store.now_ns(), time.monotonic()
        paused = {
            run_id: Pause(
                run_id,
                hold.finding.trigger,
                hold.finding.explanation,
                now_ns,
                now_ns + max(0, int((hold.until_s - now_s) * 1e9)),
            )
            for run_id, hold in held.items()
        }
        try:
            for run_id in self._book.sync(paused):
                self._gates.resume(run_id)
        except (sqlite3.Error, StoreError) as error:
            FAULTS.warn(
                "store.pauses", f"A pause cannot be shown in the store ({error}); foretell.resume() still works."
            )

    def _show_gate(self) -> None:
        """Operations ask the gates only while there is something to ask."""
        if self._running.runtime is not None:
            self._running.runtime.gate = None if self._gates.is_open else self._gates


def _describe_pause(finding: Finding) -> str:
    """What a person at the terminal must know: without it the program would seem to hang."""
    if finding.run_id is None:
        which = f"The runs of {finding.agent_name} pause" if finding.agent_name else "All runs of this process pause"
        return f"{which} at their next operation ({finding.trigger}): {finding.explanation} See: foretell resume"
    how = f"Let it go on with: foretell resume {finding.run_id}"
    return f"Run {finding.run_id} pauses at its next operation ({finding.trigger}): {finding.explanation} {how}"
