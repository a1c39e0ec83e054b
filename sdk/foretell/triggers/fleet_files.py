"""The files of the fleet's rules as a team's own settings make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.limits import read_effective_limits
from foretell.triggers.prometheus import render_expected_agents, render_rules

if TYPE_CHECKING:
    from foretell.settings import Settings


def make_files(settings: Settings) -> dict[str, str]:
    """Return each file's text by its name: alerts with your limits and budgets, and the agents that must be there."""
    limits = read_effective_limits(settings)
    extras = {
        trigger.variable_of(limit): repr(limits[trigger.id][limit.name])
        for trigger in CATALOGUE
        for limit in trigger.limits
    }
    return {"triggers.yml": render_rules(extras), "expected.yml": render_expected_agents(settings.expected_agents)}
