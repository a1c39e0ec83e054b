"""`foretell.instrument(obj)`: an agent, crew, graph or runner that is built already."""

from __future__ import annotations

from typing import Any, TypeVar

from foretell.errors import FAULTS
from foretell.instrument.decorators import instrument_agent
from foretell.integrations.integration import Integration
from foretell.integrations.registry import list_subjects
from foretell.integrations.switching import State, Switchboard

T = TypeVar("T")

board: Switchboard | None = None
"""The integrations of the set-up that is running; None where none is, or an isolated one."""


def instrument(target: T) -> T:
    """Record an agent, crew, graph or runner that is built already; that same object comes back.

    An object of a framework that is known is recorded by its integration, which is switched on if it was not. Any other
    object is recorded as `foretell.instrument_agent(obj)` does it: each call of `run`, `invoke`, `stream` … is an agent.
    """
    try:
        integration = find_integration_of(target)
        if integration is not None and is_recorded(integration):
            return target
    except Exception as error:
        FAULTS.note("instrument", error)
    return instrument_agent(target)


def find_integration_of(target: Any) -> Integration | None:
    """The integration of the framework that the object's class, or one of its bases, comes from."""
    packages = {base.__module__.partition(".")[0] for base in type(target).__mro__}
    return next((one for one in list_subjects() if one.package in packages), None)


def is_recorded(integration: Integration) -> bool:
    """Whether its integration tells of it, switched on now or before; also where recording is yet to begin."""
    if board is None:
        return bool(integration.candidates)
    standing = board.switch_on([integration])[integration.name]
    return standing.state in (State.ON, State.THEIRS, State.WAITING)
