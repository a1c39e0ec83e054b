"""How the fleet hears of what a detector found beside an agent."""

from __future__ import annotations

from foretell.triggers.trigger import Alert


def told_by_process(trigger_id: str, name: str) -> Alert:
    """The alert for findings of a trigger's own detector; the process has judged already, so it holds nothing back."""
    return Alert(
        name=name,
        rule=f'max by (job, gen_ai_agent_name) (foretell_finding_active{{trigger="{trigger_id}"}}) == 1',
        # Two rounds of the rules: a process that is restarted for a moment does not end the alert and begin it anew.
        keep_firing_s=60,
        description="A detector in the process found it; the finding holds the evidence.",
    )


def name_alert(trigger_id: str) -> str:
    """The name of a trigger's first alert: `agent_loop` is `AgentLoop`."""
    return "".join(word.capitalize() for word in trigger_id.split("_"))
