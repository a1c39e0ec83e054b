"""Halting and pausing: what findings do to runs, and how other processes let them go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    def take(self, finding: Finding) -> None:
        """Halt or pause, or let go where what was found is over."""
        action = self._running.settings.actions.get(finding.trigger)
        if finding.end_ns is not None:
            self._gates.lift(finding)
        elif action == "halt":
            self._gates.halt(finding)
        elif action == "pause":
            self._gates.pause(finding)
        self._show_gate()

    def attend(self) -> bool:
        """Let go of what is over; True while something is held."""
        self._gates.tidy()
        self._show_gate()
        return not self._gates.is_open

    def close(self) -> None:
        """Let everything go on."""
        self._gates.open_all()
        self._show_gate()

    def after_fork(self) -> None:
        """Start afresh."""
        self._gates.after_fork()

    def _show_gate(self) -> None:
        """Runs that begin ask the gates only while there is something to ask."""
        if self._running.runtime is not None:
            self._running.runtime.gate = None if self._gates.is_open else self._gates
