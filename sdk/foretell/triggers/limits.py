"""The limits of triggers as a team set them: defaults, and `FORETELL_TRIGGER_…` over them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from foretell.errors import SettingError
from foretell.settings import Settings
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Limit, Trigger

PREFIX: Final = "FORETELL_TRIGGER_"
BUDGETS: Final = {
    ("cost_run_limit", "run_usd"): "budget_run_usd",
    ("cost_burn", "day_usd"): "budget_day_usd",
    ("cost_burn", "month_usd"): "budget_month_usd",
}
"""Limits that a setting of its own goes before, where it is set."""


def read_limits(trigger: Trigger, extras: Mapping[str, str]) -> dict[str, float]:
    """The limits of a trigger by name: what `extras` (`Settings.extras`) set, else the defaults.

    A value that is no number above 0 raises SettingError.
    """
    return {limit.name: _read_limit(trigger, limit, extras) for limit in trigger.limits}


def read_all_limits(extras: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """The limits of every trigger by its id; SettingError for an unknown name or a wrong value among `extras`."""
    check_extras(extras)
    return {trigger.id: read_limits(trigger, extras) for trigger in CATALOGUE}


def read_effective_limits(settings: Settings) -> dict[str, dict[str, float]]:
    """The same as the settings have them, budgets included."""
    limits = read_all_limits(settings.extras)
    for (trigger, limit), setting in BUDGETS.items():
        budget = getattr(settings, setting)
        if budget is not None:
            limits[trigger][limit] = budget
    return limits


def check_extras(extras: Mapping[str, str]) -> None:
    """Raise SettingError where a `FORETELL_TRIGGER_…` variable names no limit or has a value that it cannot take."""
    known = {trigger.variable_of(limit) for trigger in CATALOGUE for limit in trigger.limits}
    for variable in extras:
        if variable.startswith(PREFIX) and variable not in known:
            raise SettingError(f"There is no limit for the variable {variable}.{_help_find(variable, known)}")
    for trigger in CATALOGUE:
        read_limits(trigger, extras)


def _read_limit(trigger: Trigger, limit: Limit, extras: Mapping[str, str]) -> float:
    variable = trigger.variable_of(limit)
    if variable not in extras:
        return limit.default
    value = _to_number(extras[variable])
    if value is None:
        raise SettingError(
            f"The variable {variable} is {extras[variable]!r}, but must be a number above 0.\n"
            f"The default is: {variable}={limit.default:g}"
        )
    return value


def _to_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and value > 0 else None


def _help_find(variable: str, known: set[str]) -> str:
    """The nearest variable; where none is near, the limits of the trigger, or where to find them."""
    from difflib import get_close_matches

    # Without the prefix, which would make all of them alike.
    near = get_close_matches(variable[len(PREFIX) :], [name[len(PREFIX) :] for name in known], n=1, cutoff=0.75)
    if near:
        return f" Did you mean {PREFIX + near[0]!r}?"
    for trigger in CATALOGUE:
        if variable.startswith(f"{PREFIX}{trigger.id.upper()}_"):
            return f" {trigger.id!r} has: {', '.join(trigger.variable_of(limit) for limit in trigger.limits)}."
    return " `foretell triggers` lists all limits."
