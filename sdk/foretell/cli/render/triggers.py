"""Draws and shapes triggers: how they stand, what they say about a run, and whether a test of one got out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foretell.cli.render.run import SEVERITY_STYLES, render_findings
from foretell.cli.render.words import count_noun, format_age, format_timestamp
from foretell.cli.shapes import shape_finding, shape_summary
from foretell.triggers.trigger import Where

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.analysis.check_run import Checked
    from foretell.cli.firing import Fired
    from foretell.cli.standing import EffectiveLimit, Standing
    from foretell.model.run import RunSummary

Shape = dict[str, Any]  # JSON

PLACES = {Where.PROCESS: "in process", Where.FLEET: "in the fleet", Where.BOTH: "in process and fleet"}


def render_triggers(standings: Sequence[Standing], width: int, now_ns: int) -> RenderableType:
    """Draw each trigger in a few lines: what it is, how it stands, and its limits; set ones stand out."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    parts: list[RenderableType] = []
    for standing in standings:
        trigger = standing.trigger
        style = SEVERITY_STYLES.get(trigger.severity.value, "")
        head = Text.assemble(
            (f"{trigger.id:20}", "bold"), (f" {trigger.severity.value:9}", style), f" {PLACES[trigger.where]}"
        )
        if standing.action != "log":
            head.append(f" · {standing.action}", "yellow")
        head.append(f" · {say_state(standing, now_ns)}", "bold red" if standing.state.firing else "dim")
        head.truncate(width, overflow="ellipsis")
        parts += [head, Padding(Text(trigger.meaning), (0, 0, 0, 2), expand=False)]
        if standing.limits:
            text = Text(" · ").join([_draw_limit(limit) for limit in standing.limits])
            parts.append(Padding(text, (0, 0, 0, 2), expand=False))
    parts.append(Text(""))
    parts.append(Text("A limit is set by its variable: FORETELL_TRIGGER_<TRIGGER>_<LIMIT>.", "dim"))
    return Group(*parts)


def _draw_limit(limit: EffectiveLimit) -> Any:
    from rich.text import Text

    text = Text(f"{limit.limit.name} ", "dim").append(f"{limit.value:g}", "dim" if limit.is_default else "bold cyan")
    return text if limit.is_default else text.append(f" ({limit.origin})", "cyan")


def say_state(standing: Standing, now_ns: int) -> str:
    """Say whether a trigger fires, or when it did."""
    state = standing.state
    if state.firing:
        return f"fires now ({len(state.firing)})" if len(state.firing) > 1 else "fires now"
    if standing.trigger.where is Where.FLEET:
        return "judged by Prometheus"
    if standing.action == "off":
        return "not judged"
    return (
        "quiet" if state.newest is None else f"fired {format_age(state.newest.onset_ns, now_ns)}, {state.count} in all"
    )


def shape_triggers(standings: Sequence[Standing]) -> Shape:
    """Make `foretell.triggers/1`: each trigger with its limits and its state."""
    return {"schema": "foretell.triggers/1", "triggers": [_shape_standing(standing) for standing in standings]}


def _shape_standing(standing: Standing) -> Shape:
    trigger, newest = standing.trigger, standing.state.newest
    return {
        "id": trigger.id,
        "severity": trigger.severity.value,
        "meaning": trigger.meaning,
        "advice": trigger.advice,
        "where": trigger.where.value,
        "action": standing.action,
        "limits": [
            {
                "name": limit.limit.name,
                "value": limit.value,
                "default": limit.limit.default,
                "meaning": limit.limit.meaning,
                "variable": limit.variable,
                "origin": limit.origin,
            }
            for limit in standing.limits
        ],
        "findings": standing.state.count,
        "firing": [shape_finding(finding) for finding in standing.state.firing],
        "last_onset": None if newest is None else format_timestamp(newest.onset_ns),
    }


def render_checked(run: RunSummary, checked: Checked) -> list[RenderableType]:
    """Draw what fires in a run, what cannot be told, and what no record can tell."""
    from rich.text import Text

    name = f"run {run.id} ({run.agent_name or run.name})"
    parts: list[RenderableType] = []
    if checked.findings:
        parts.append(render_findings(checked.findings))
    else:
        parts.append(Text(f"Nothing fires in {name}."))
    parts += [
        Text.assemble((f"? {doubt.trigger}", "yellow"), f"  {doubt.explanation or 'unknown'}")
        for doubt in checked.doubts.values()
    ]
    parts += [
        Text.assemble((f"! {trigger}", "red"), f"  its detector failed: {type(error).__name__}: {error}")
        for trigger, error in checked.faults.items()
    ]
    judged = f"Judged by {count_noun(len(checked.judged), 'trigger')}"
    if checked.baseline_runs:
        judged += f", after {count_noun(checked.baseline_runs, 'earlier run')} of the agent"
    if checked.not_judged:
        judged += f". What no record holds: {', '.join(checked.not_judged)}"
    return [*parts, Text(f"{judged}.", "dim")]


def shape_checked(run: RunSummary, checked: Checked) -> Shape:
    """Make `foretell.check/1`: what the detectors say about a run."""
    return {
        "schema": "foretell.check/1",
        "run": shape_summary(run),
        "findings": [shape_finding(finding) for finding in checked.findings],
        "unknown": [
            {"trigger": doubt.trigger, "key": doubt.key, "explanation": doubt.explanation}
            for doubt in checked.doubts.values()
        ],
        "judged": checked.judged,
        "not_judged": checked.not_judged,
        "faults": {trigger: str(error) for trigger, error in checked.faults.items()},
        "baseline_runs": checked.baseline_runs,
    }


def say_fired(fired: Fired) -> str:
    """Say where a test went, and what went wrong on the way."""
    roads = ["the store", "the log"]
    if fired.has_collector:
        roads.append("the collector (gauge, counter, log line)")
    if fired.has_webhook:
        roads.append("the webhook")
    said = f"{fired.finding.trigger} fired on purpose and is over; told to {', '.join(roads)}."
    if not fired.is_flushed:
        said += "\nNot everything was taken in time."
    return "\n".join([said, *fired.problems])


def shape_fired(fired: Fired) -> Shape:
    """Make `foretell.test/1`: a finding that was made on purpose, and whether it got out."""
    return {
        "schema": "foretell.test/1",
        "finding": shape_finding(fired.finding),
        "is_out": fired.is_out,
        "is_flushed": fired.is_flushed,
        "has_collector": fired.has_collector,
        "has_webhook": fired.has_webhook,
        "problems": list(fired.problems),
    }
