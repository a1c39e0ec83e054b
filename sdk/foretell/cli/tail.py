"""`foretell tail`: calls as they end, in every process that records into the store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foretell.cli.options import agent_option, content_option, json_option, store_option

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.finding import Finding
    from foretell.readers.store import StoreReader

POLL_S = 0.3
LOOK_BACK = 100
"""How many times `last` calls are looked through for those that are meant."""


@click.command
@agent_option
@click.option("--last", "-n", default=10, help="Begin with so many calls that ended before.", show_default=True)
@click.option("--failed", is_flag=True, help="Only calls that did not end well.")
@click.option("--no-follow", "is_once", is_flag=True, help="End after the calls that are there already.")
@content_option
@store_option
@json_option
def tail(
    agent: str | None, last: int, failed: bool, is_once: bool, content: bool, store: Path | None, as_json: bool
) -> None:
    """Follow calls and findings, until Ctrl-C."""
    from foretell.cli.reading import find_store, open_reader
    from foretell.model.kinds import Outcome

    def is_meant(call: Call) -> bool:
        is_agents = agent is None or call.agent_name == agent
        return is_agents and (not failed or call.outcome is not Outcome.OK)

    reader = open_reader(find_store(store))
    findings = reader.follow_findings()
    newest = reader.newest_position()
    # Positions have gaps where old runs were removed, and some calls are not meant: look further back than `last`.
    back = max(last, 0) * (1 if agent is None and not failed else LOOK_BACK)
    calls, position = _read_after(reader, max(newest - back, 0))
    calls = [call for call in calls if is_meant(call)][-last:] if last > 0 else []
    try:
        while True:
            for call in calls:
                _tell(call, content, as_json)
            if is_once:
                return
            time.sleep(POLL_S)
            calls, position = _read_after(reader, position)
            calls = [call for call in calls if is_meant(call)]
            for finding in findings.read():
                if agent is None or finding.agent_name == agent:
                    _tell_finding(finding, as_json)
    except KeyboardInterrupt:
        return


def _read_after(reader: StoreReader, position: int) -> tuple[list[Call], int]:
    """Return all calls written after a position, and the position after them."""
    calls: list[Call] = []
    while True:
        page, after = reader.calls_after(position)
        calls += page
        if after == position:
            return calls, position
        position = after


def _tell(call: Call, has_content: bool, as_json: bool) -> None:
    from foretell.cli.shapes import shape_call_line
    from foretell.cli.terminal import measure_width, show, write_json

    if as_json:
        write_json(shape_call_line(call, has_content), is_line=True)
        return
    from foretell.cli.render.call import render_call_line

    show(render_call_line(call, measure_width(), has_content))


def _tell_finding(finding: Finding, as_json: bool) -> None:
    from foretell.cli.shapes import shape_finding_line
    from foretell.cli.terminal import measure_width, show, write_json

    if as_json:
        write_json(shape_finding_line(finding), is_line=True)
        return
    from foretell.cli.render.call import render_finding_line

    show(render_finding_line(finding, measure_width()))
