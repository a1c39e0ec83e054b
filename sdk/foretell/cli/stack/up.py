"""`foretell up`: the stack, started when nothing stands in its way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from foretell.cli.options import json_option
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.stack.compose import Choice
    from foretell.stack.files import Place
    from foretell.stack.preparing import Preparation

PROFILES = ("demo",)
BESIDE_S = 60.0
"""How long is waited beside other stores, where compose itself cannot wait."""


@click.command
@click.option("--profile", "profiles", multiple=True, help="Also start: demo (three agents, again and again).")
@click.option("--sampling", "is_sampling", is_flag=True, help="Keep one in ten of the traces without news.")
@click.option("--beside", "is_beside", is_flag=True, help="Only what is ours, beside stores that you have (see .env).")
@click.option("--check", "is_check", is_flag=True, help="Only look whether it could start.")
@json_option
def up(profiles: tuple[str, ...], is_sampling: bool, is_beside: bool, is_check: bool, as_json: bool) -> None:
    """Start the stack in Docker.

    Collector, Jaeger, Tempo, Prometheus, Alertmanager, Loki and Grafana, reachable from this machine alone. Docker, ports, disk and
    every configuration are looked at first: where anything is wrong, nothing starts.
    """
    from foretell.cli.stack.drawing import render_failures, render_problems, render_up, shape_up
    from foretell.cli.terminal import say, show, write_json
    from foretell.settings import read_environment
    from foretell.stack.commands import SystemCommands
    from foretell.stack.files import find_place
    from foretell.stack.preparing import Machine, prepare
    from foretell.version import __version__

    environ = read_environment()
    place = find_place(environ)
    choice = make_choice(profiles, place, is_sampling=is_sampling, is_beside=is_beside)
    commands = SystemCommands({**environ, "FORETELL_VERSION": __version__})
    say(f"Looking at the stack in {place.directory} before it starts.", "dim")
    preparation = prepare(Machine(commands), place, choice, environ, may_fetch=not is_check)
    is_started = not preparation.problems and not is_check
    failures = start(preparation, is_beside=is_beside) if is_started else []
    is_up = is_started and not failures
    if as_json:
        write_json(shape_up(preparation, place, is_up=is_up, failures=failures, is_beside=is_beside))
    elif preparation.problems:
        say(render_problems(preparation.problems))
    elif failures:
        say(render_failures(failures, preparation.compose))
    else:
        show(*render_up(preparation, place, is_up=is_up, is_beside=is_beside))
    if preparation.problems or failures:
        raise click.exceptions.Exit(2 if preparation.problems else 1)


def make_choice(profiles: Sequence[str], place: Place, *, is_sampling: bool, is_beside: bool) -> Choice:
    """Understand what was asked for; raises `ForetellError` where it makes no sense."""
    from foretell.stack.compose import Choice
    from foretell.version import __version__

    unknown = [name for name in profiles if name not in PROFILES]
    if unknown:
        raise ForetellError(f"--profile {unknown[0]!r} is unknown; there is: {', '.join(PROFILES)}.")
    if is_sampling and is_beside:
        raise ForetellError(
            "--sampling and --beside do not go together: each gives the collector another command.\n"
            "Beside stores of your own, sample there, or in a collector between."
        )
    overlays = [name for name, is_chosen in (("sampling", is_sampling), ("beside", is_beside)) if is_chosen]
    if "demo" in profiles and place.source is not None:
        if not __version__.replace(".", "").isdecimal():
            raise ForetellError(
                f"The demo's image installs foretell {__version__}, which is no release and so in no package index.\n"
                "Type instead: foretell up, then foretell demo"
            )
        overlays.append("installed")
    return Choice(tuple(profiles), tuple(overlays))


def start(preparation: Preparation, *, is_beside: bool) -> list[str]:
    """Start it; return a line about each service that is not well, with what it said last."""
    compose = preparation.compose
    code = compose.start()
    if code == 0:
        return _wait_for_ours(preparation) if is_beside else []
    lines = []
    for container in compose.list_containers():
        if not container.is_well:
            state = f"{container.state} {container.health}".strip()
            said = "".join(f"\n    {line}" for line in compose.read_log(container.service))
            lines.append(f"{container.service}: {state}{f' with {container.code}' if container.code else ''}{said}")
    return lines or [f"docker compose ended with {code}; what it said stands above"]


def _wait_for_ours(preparation: Preparation) -> list[str]:
    """Wait until what runs beside other stores is well; return what does not become so."""
    import time

    from foretell.cli.stack.drawing import find_addresses
    from foretell.stack.road.http import fetch
    from foretell.stack.road.servers import ask_health, choose_servers

    addresses = find_addresses(preparation.services, is_beside=True)
    servers = choose_servers([f"{name}={url}" for name, url in addresses.items()], (), is_beside=True)
    until_s = time.monotonic() + BESIDE_S
    while True:
        healths = ask_health(servers, fetch, time.monotonic).values()
        ill = [f"{health.server.name}: {health.server.url}: {health.reply}" for health in healths if not health.is_well]
        if not ill or time.monotonic() > until_s:
            return ill
        time.sleep(1)
