"""How soon after a trouble began the phone rings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Trigger
from tests.stack.holds import HOLD_S
from tests.stack.paging.told import list_first_of
from tests.stack.road import wait_for
from tests.stack.runner import Stack
from tests.stack.troubles import SOURCES, Played, Troubles

ALLOWED_S = 30


def measure_pages(stack: Stack) -> list[str]:
    """A line for each trigger that a program gets into; the holds of the rules are shortened to a few seconds."""
    with tempfile.TemporaryDirectory() as folder, Troubles(stack, Path(folder)) as troubles:
        return list(_list_delays(stack, troubles))


def _list_delays(stack: Stack, troubles: Troubles) -> Iterator[str]:
    for trigger in CATALOGUE:
        play = SOURCES[trigger.id].play
        if play is not None:
            yield _describe(stack, trigger, troubles.wait_for(play))


def _describe(stack: Stack, trigger: Trigger, played: Played) -> str:
    told = wait_for(lambda: list_first_of(stack, trigger.id, SOURCES[trigger.id].job), 240)
    first_s = min(alert["came_s"] for alert in told)
    own_s = played.minimum_s + HOLD_S
    over_s = first_s - played.onset_s - own_s
    late = "" if over_s <= ALLOWED_S else f"  MORE THAN {ALLOWED_S} s"
    return f"{trigger.id}: {over_s:.0f} s over the rule's own {own_s:.0f} s{late}"
