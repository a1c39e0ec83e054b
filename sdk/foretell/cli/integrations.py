"""`foretell integrations`: which frameworks are recorded without changing a line, and what to install for the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from foretell.cli.options import json_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from foretell.integrations.choosing import Choice

ON, OFF, UNSERVED, FAILED, MISSING = "on", "off", "nothing instruments it", "failed", "not installed"


@click.command
@click.option("--all", "is_all", is_flag=True, help="Also frameworks that are not installed.")
@json_option
def integrations(is_all: bool, as_json: bool) -> None:
    """List the frameworks that can be recorded.

    Which are installed in this environment, who instruments them, whether that is switched on, and what to type where something is missing.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.terminal import measure_width, say, show, write_json
    from foretell.store.health import inspect_health

    settings = load_cli_settings()
    counts = inspect_health(settings.store, now_ns=time.time_ns).counts
    rows = look_at_integrations(settings.integrations, settings.integrations_off, counts)
    installed = [(choice, state) for choice, state in rows if state != MISSING]
    if as_json:
        write_json(shape_integrations(rows))
        return
    shown = rows if is_all else installed
    if shown:
        show(render_integrations(shown, measure_width()))
    if len(rows) > len(shown):
        say(
            f"{'… ' if shown else ''}{len(rows) - len(shown)} more can be recorded when they are installed: --all",
            "dim",
        )


def look_at_integrations(wanted: Sequence[str], off: Sequence[str], counts: Iterable[str]) -> list[tuple[Choice, str]]:
    """Every framework of the table as it is in this environment, and whether the settings have it on.

    `counts` are names of the store's self-counts: what has failed in a program is among them.
    """
    from foretell.integrations.choosing import choose, note_failures
    from foretell.integrations.registry import list_integrations, select_integrations

    selected = {one.name for one in select_integrations(wanted, off)}
    rows = []
    for one in list_integrations():
        chosen = choose(one)
        turned_out = note_failures(chosen, counts) if one.name in selected else chosen
        state = describe_state(chosen, one.name in selected) if turned_out is chosen else FAILED
        rows.append((turned_out, state))
    return rows


def describe_state(choice: Choice, is_selected: bool) -> str:
    """Say in a word or two how a framework stands."""
    if choice.version is None:
        return MISSING
    if choice.candidate is None:
        return UNSERVED
    return ON if is_selected else OFF


def render_integrations(rows: Sequence[tuple[Choice, str]], width: int) -> RenderableType:
    """Draw frameworks as a table: what to type stands where something is missing."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for header in ("framework", "version", "recorded"):
        table.add_column(header, no_wrap=True)
    table.add_column("by, or what to type", overflow="fold" if width < 100 else "ellipsis")
    styles = {ON: "green", OFF: "dim", UNSERVED: "yellow", FAILED: "red", MISSING: "dim"}
    for choice, state in rows:
        advice = next((refusal.advice for refusal in choice.refusals if refusal.advice), choice.extra)
        table.add_row(
            choice.integration.title,
            Text(choice.version or "–", "dim"),
            Text(state, styles[state]),
            Text(choice.instrumentor or ("" if state == MISSING else advice), "dim" if choice.instrumentor else ""),
        )
    return table


def shape_integrations(rows: Sequence[tuple[Choice, str]]) -> Mapping[str, Any]:
    """Make `foretell.integrations/1`: every framework of the table, and null for what is not installed."""
    return {
        "schema": "foretell.integrations/1",
        "integrations": [
            {
                "name": choice.integration.name,
                "title": choice.integration.title,
                "version": choice.version,
                "is_on": state == ON,
                "state": state,
                "instrumentor": choice.instrumentor or None,
                "origin": None if choice.candidate is None else choice.candidate.origin.value,
                "supports": None if choice.candidate is None else choice.candidate.supports or None,
                "install": choice.extra,
                "refusals": [
                    {"subject": refusal.subject, "reason": refusal.reason, "advice": refusal.advice}
                    for refusal in choice.refusals
                ],
            }
            for choice, state in rows
        ],
    }
