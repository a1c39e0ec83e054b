"""`foretell status`: is the stack well, and do data arrive."""

from __future__ import annotations

import time

import click

from foretell.cli.options import json_option
from foretell.errors import ForetellError

WAIT_S = 15.0


@click.command
@click.option("--at", multiple=True, help="Where a service is, if not here: jaeger=http://host:16686.")
@click.option("--without", multiple=True, help="Leave a service out: tempo.")
@click.option("--beside", "is_beside", is_flag=True, help="Only what `foretell up --beside` starts.")
@click.option("--wait", "wait_s", default=WAIT_S, help="Seconds that the probe may take.", show_default=True)
@json_option
def status(at: tuple[str, ...], without: tuple[str, ...], is_beside: bool, wait_s: float, as_json: bool) -> None:
    """Say whether the stack is well and data arrive.

    Asks each service how it is, then sends a span, a metric and a log line through the collector and looks for them in the stores. Needs no
    Docker. Ends with 1 where something is wrong, and says why and what to type.
    """
    from foretell.cli.reading import load_cli_settings
    from foretell.cli.stack.drawing import render_status, shape_status
    from foretell.cli.terminal import measure_width, show, write_json
    from foretell.stack.road.endpoint import judge_endpoint
    from foretell.stack.road.http import fetch
    from foretell.stack.road.reasons import judge
    from foretell.stack.road.servers import COLLECTOR, ask_health, choose_servers
    from foretell.stack.road.travel import Clock, send_probe

    if not 0 < wait_s <= 3600:
        raise ForetellError(f"--wait {wait_s:g} makes no sense; give seconds from 1 to 3600.")
    servers = choose_servers(at, without, is_beside=is_beside)
    healths = ask_health(servers, fetch, time.monotonic)
    journey = send_probe(healths, fetch, Clock(), wait_s)
    arrivals = list(judge(journey, healths, fetch))
    settings = load_cli_settings()
    endpoint = judge_endpoint(settings.otlp_endpoint, settings.otlp_protocol, healths[COLLECTOR.name].server.url)
    is_well = (
        all(health.is_well for health in healths.values())
        and all(arrival.took_s is not None for arrival in arrivals)
        and endpoint.level != "trouble"
    )
    if as_json:
        write_json(shape_status(healths, arrivals, endpoint, is_well=is_well))
    else:
        show(*render_status(healths, arrivals, endpoint, measure_width()))
    if not is_well:
        raise click.exceptions.Exit(1)
