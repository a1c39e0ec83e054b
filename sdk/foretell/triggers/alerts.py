"""How the fleet hears of what a detector found beside an agent."""

from __future__ import annotations

from foretell.triggers.trigger import Alert


def told_by_process(trigger_id: str, name: str) -> Alert:
    """The alert for findings of a trigger's own detector; the process has judged already, so it holds nothing back."""
    # Over two minutes: a program that ends seconds after its finding sets the gauge to 0 before the rules look.
    active = f'max_over_time(foretell_finding_active{{trigger="{trigger_id}"}}[2m])'
    return Alert(
        name=name,
        rule=f"max by (job, gen_ai_agent_name) ({active}) == 1",
        description="A detector in the process found it; the finding holds the evidence.",
    )


def name_alert(trigger_id: str) -> str:
    """The name of a trigger's first alert: `agent_loop` is `AgentLoop`."""
    return "".join(word.capitalize() for word in trigger_id.split("_"))
