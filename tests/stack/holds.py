"""What the tests change in their copy of the rules: how long an alert must hold, and how long it goes on."""

from __future__ import annotations

import re

from tests.stack.runner import Stack

HOLD_S = 5


def shorten_holds(stack: Stack) -> None:
    """Let the alerts of triggers fire as soon as their rule holds; limits and windows stay as they are."""
    rules = stack.services["prometheus"].root / "etc" / "prometheus" / "rules" / "triggers.yml"
    text, count = re.subn(
        r"^( +(?:for|keep_firing_for): )\d+s$", rf"\g<1>{HOLD_S}s", rules.read_text("utf-8"), flags=re.MULTILINE
    )
    assert count > 20
    rules.write_text(text, "utf-8")
