"""The catalogue: every trigger, in the order in which people read about them."""

from __future__ import annotations

from typing import Final

from foretell.errors import SettingError
from foretell.setting_sources import suggest
from foretell.triggers import resources, service, spending, steps, telemetry, waiting
from foretell.triggers.trigger import Trigger

CATALOGUE: Final[tuple[Trigger, ...]] = (
    *service.TRIGGERS,
    *steps.TRIGGERS,
    *waiting.TRIGGERS,
    *resources.TRIGGERS,
    *spending.TRIGGERS,
    *telemetry.TRIGGERS,
)
"""Every trigger there is."""

_BY_ID: Final = {trigger.id: trigger for trigger in CATALOGUE}


def find_trigger(id: str) -> Trigger:
    """The trigger of that id; SettingError with the nearest id where there is none."""
    if id not in _BY_ID:
        hint = suggest(id.lower().replace("-", "_"), _BY_ID) or f" There are: {', '.join(_BY_ID)}."
        raise SettingError(f"There is no trigger {id!r}.{hint}")
    return _BY_ID[id]
