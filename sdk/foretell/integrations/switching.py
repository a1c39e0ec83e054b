"""Switches integrations on when their library is there, and off again: the one place that patches other people's code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from importlib import import_module
from typing import Any

from foretell.errors import FAULTS
from foretell.integrations.choosing import Choice, choose, name_failure
from foretell.integrations.gating import remember, seal
from foretell.integrations.imports import ImportWatch, Waiting
from foretell.integrations.installed import VersionOf, find_version
from foretell.integrations.integration import Candidate, Integration, Undo, Wiring
from foretell.integrations.tracing import IntegrationTracers

Hold = Callable[[Integration], Undo]
"""Puts gates before a library's requests."""


class State(str, Enum):
    """How an integration stands in this process."""

    ON = "on"
    WAITING = "waiting"
    """Installed; it will be on as soon as the program imports it."""
    THEIRS = "theirs"
    """Somebody else has instrumented it in this process; what that tells is taken in."""
    REFUSED = "refused"
    FAILED = "failed"
    MISSING = "missing"
    """The framework is not installed."""


class Standing:
    """One integration in this process."""

    def __init__(self, integration: Integration, version_of: VersionOf) -> None:
        """Not on yet; who instruments it is looked up when it is imported, or when somebody asks."""
        self.integration = integration
        self.problem = ""
        self._version_of = version_of
        self._choice: Choice | None = None
        self._state: State | None = None

    @property
    def choice(self) -> Choice:
        """Who instruments it, what is not used, and why."""
        if self._choice is None:
            self._choice = choose(self.integration, self._version_of)
        return self._choice

    @property
    def state(self) -> State:
        """How it stands."""
        if self._state is not None:
            return self._state
        if self.choice.version is None:
            return State.MISSING
        return State.REFUSED if self.choice.candidate is None else State.WAITING

    @state.setter
    def state(self, state: State) -> None:
        self._state = state


class Switchboard:
    """All integrations of one `init()`."""

    def __init__(self, wiring: Wiring, *, hold: Hold, version_of: VersionOf = find_version) -> None:
        """Give instrumentors what is in `wiring`; `hold` puts gates before their requests."""
        self._wiring = wiring
        self._hold = hold
        self._version_of = version_of
        self._watch = ImportWatch()
        self._standings: dict[str, Standing] = {}
        self._undos: list[tuple[str, Undo]] = []
        self._started: set[str] = set()
        """Instrumentors that are on: one may serve several frameworks."""
        self._lock = threading.RLock()
        self._is_off = self._is_starting = False
        self._next: list[Standing] = []

    def switch_on(self, integrations: Iterable[Integration]) -> dict[str, Standing]:
        """Switch on what is loaded, and what is only installed as soon as it is loaded; return how each stands."""
        for integration in integrations:
            if integration.name not in self._standings:
                self._add(integration)
        return dict(self._standings)

    def wait_for(self, waiting: Waiting) -> None:
        """Tell somebody else, too, when the program has imported something; until everything is switched off."""
        self._watch.wait_for(waiting)

    def undo_later(self, name: str, undo: Undo) -> None:
        """Undo something else, too, when everything is switched off."""
        self._undos.append((name, undo))

    def list_standings(self) -> list[Standing]:
        """How each integration stands now."""
        return list(self._standings.values())

    def switch_off(self) -> None:
        """Undo everything, the last first; one that fails does not keep the next from being undone."""
        with self._lock:
            self._is_off = True
            self._watch.stop()
            undos, self._undos = self._undos, []
        for name, undo in reversed(undos):
            try:
                undo()
            except Exception as error:
                FAULTS.note(f"integrations.{name}.off", error)
        self._standings.clear()
        self._started.clear()

    def _add(self, integration: Integration) -> None:
        standing = self._standings[integration.name] = Standing(integration, self._version_of)
        # What is installed is looked up only for what is imported: a look at forty distributions takes 20 ms.
        self._watch.wait_for(
            Waiting(integration.used or integration.module, integration.packages, lambda: self._begin(standing))
        )

    def _begin(self, standing: Standing) -> None:
        """The library is there: patch it, and put gates before its requests."""
        integration = standing.integration
        with self._lock:
            if self._is_off or not _is_meant(integration):
                return
            if self._is_starting:  # an instrumentor imports further libraries: one after the other
                self._next.append(standing)
                return
            self._is_starting = True
            try:
                candidate = standing.choice.candidate
                if candidate is not None and standing.state is State.WAITING:
                    self._start(standing, candidate)
                self._keep(integration.name, lambda: self._hold(integration), "gate")
            finally:
                self._is_starting = False
        while self._next:
            self._begin(self._next.pop(0))

    def _start(self, standing: Standing, candidate: Candidate) -> None:
        name = standing.integration.name
        if candidate.path in self._started:
            standing.state = State.ON
            return
        is_theirs = any(is_active(other) for other in standing.integration.candidates)
        if is_theirs and (is_active(candidate) or not standing.integration.others):
            standing.state = State.THEIRS
            return
        put_back = remember(standing.integration.gates)
        try:
            undo = start_candidate(candidate, self._wire(standing.integration))
        except Exception as error:
            put_back()
            # A framework that was upgraded past its instrumentor: the program goes on without it.
            standing.state, standing.problem = State.FAILED, f"{type(error).__name__}: {error}"
            kind = name_failure(standing.choice, standing.problem, self._version_of)
            FAULTS.warn(kind, f"{name} is not recorded: {standing.problem}. See: foretell doctor")
            return
        standing.state = State.THEIRS if is_theirs else State.ON
        self._started.add(candidate.path)
        is_as_left = seal(standing.integration.gates)
        # An instrumentor takes off the outermost wrapper: where somebody has put another around it, that is not its own.
        self._undos.append((name, lambda: (undo(), put_back()) if is_as_left() else None))

    def _wire(self, integration: Integration) -> Wiring:
        """What its instrumentor is given: nobody else hears of its spans while others tell of the same calls."""
        tracers = self._wiring.tracer_provider
        if not isinstance(tracers, IntegrationTracers):
            return self._wiring

        others = {other.module for other in integration.others}
        # Asked at each call: one look for each module, and no more where none is loaded.
        modules = (*others, *(one.path.partition(":")[0] for one in integration.candidates if one.distribution))

        def is_doubled() -> bool:
            for module in modules:
                if module in sys.modules and (module in others or self._has_active(integration)):
                    return True
            return False

        twins = frozenset(other.twin for other in integration.others if other.twin)
        beside = tracers.beside(is_doubled, is_kept=bool(integration.others), twins=twins)
        return replace(self._wiring, tracer_provider=beside)

    def _has_active(self, integration: Integration) -> bool:
        return any(is_active(one) for one in integration.candidates if one.path not in self._started)

    def _keep(self, name: str, make: Callable[[], Undo], part: str) -> None:
        try:
            self._undos.append((name, make()))
        except Exception as error:
            FAULTS.note(f"integrations.{name}.{part}", error)


def _is_meant(integration: Integration) -> bool:
    """False for somebody else's module of the same name."""
    module: Any = sys.modules.get(integration.module)
    return not integration.proof or hasattr(module, integration.proof)


def is_active(candidate: Candidate) -> bool:
    """Whether the program has switched on this instrumentor itself."""
    module, _, name = candidate.path.partition(":")
    found: Any = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, type):
        return False
    # One a process: this gives the one there is, without making it anew, which would reset what it was told.
    make: Any = found.__new__
    return bool(getattr(make(found), "is_instrumented_by_opentelemetry", False))


def start_candidate(candidate: Candidate, wiring: Wiring) -> Undo:
    """Switch one instrumentor on."""
    module, _, name = candidate.path.partition(":")
    found: Any = getattr(import_module(module), name)
    if not isinstance(found, type):
        begun: Undo = found(wiring)
        return begun
    from foretell.integrations.capturing import instrument

    instrumentor: Any = found()
    instrument(instrumentor, candidate, wiring)
    undo: Undo = instrumentor.uninstrument
    return undo
