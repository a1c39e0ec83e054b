"""How each trigger stands here: its limits as they are set, what is done when it fires, and whether it does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.detectors.detector import Detector
    from foretell.readers.findings import TriggerState
    from foretell.settings import Settings
    from foretell.triggers.trigger import Limit, Trigger


@dataclass(frozen=True, slots=True)
class EffectiveLimit:
    """A limit with the value that it has here."""

    limit: Limit
    value: float
    variable: str
    origin: str
    """`default`, or the source and its name there: `environment FORETELL_TRIGGER_…`."""

    @property
    def is_default(self) -> bool:
        """True where nobody set it."""
        return self.origin == "default"


@dataclass(frozen=True, slots=True)
class Standing:
    """One trigger, as it stands here."""

    trigger: Trigger
    action: str
    """`log`, `pause`, `halt` or `off`."""
    limits: tuple[EffectiveLimit, ...]
    state: TriggerState


def list_standings(settings: Settings, now_ns: Callable[[], int]) -> list[Standing]:
    """Say how each trigger stands, in the catalogue's order; SettingError for a limit that makes no sense."""
    from foretell.readers.findings import TriggerState
    from foretell.triggers.catalogue import CATALOGUE
    from foretell.triggers.limits import check_extras

    check_extras(settings.extras)
    states = _read_states(settings, now_ns)
    return [
        Standing(
            trigger,
            settings.actions.get(trigger.id, "log"),
            tuple(find_limits(trigger, settings)),
            states.get(trigger.id, TriggerState()),
        )
        for trigger in CATALOGUE
    ]


def find_limits(trigger: Trigger, settings: Settings) -> list[EffectiveLimit]:
    """The limits of a trigger with their values here, and where each came from."""
    from foretell.triggers.limits import BUDGETS, read_limits

    values = read_limits(trigger, settings.extras)
    found = []
    for limit in trigger.limits:
        variable = trigger.variable_of(limit)
        value, origin = values[limit.name], settings.origin_of(variable)
        budget = BUDGETS.get((trigger.id, limit.name))
        own = None if budget is None else getattr(settings, budget)
        if budget is not None and own is not None:
            value, origin = own, settings.origin_of(budget)
        found.append(EffectiveLimit(limit, value, variable, str(origin)))
    return found


def make_all_detectors(settings: Settings) -> list[Detector]:
    """Make a fresh detector of each trigger that is judged in the process and not switched off."""
    from foretell.cost.prices import PriceBook
    from foretell.detectors.line_up import make_detectors
    from foretell.triggers.limits import read_effective_limits

    limits = read_effective_limits(settings)
    watched = {trigger: values for trigger, values in limits.items() if settings.actions.get(trigger) != "off"}
    return make_detectors(watched, context_window=PriceBook(settings.price_file).context_window)


def _read_states(settings: Settings, now_ns: Callable[[], int]) -> dict[str, TriggerState]:
    from foretell.cli.reading import has_store
    from foretell.readers.findings import read_states
    from foretell.store.store import Store

    if not has_store(settings.store):
        return {}
    store = Store.open(settings.store, now_ns=now_ns, read_only=not os.access(settings.store, os.W_OK))
    try:
        return read_states(store)
    finally:
        store.close()
