"""Draws and shapes what the commands about the stack say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from foretell.cli.render.words import format_duration
from foretell.stack.road.servers import COLLECTOR, SERVERS

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from foretell.stack.compose import Compose
    from foretell.stack.files import Place
    from foretell.stack.model import Service
    from foretell.stack.preparing import Preparation
    from foretell.stack.problems import Problem
    from foretell.stack.road.endpoint import EndpointVerdict
    from foretell.stack.road.servers import Health
    from foretell.stack.road.travel import Arrival

MARKS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "trouble": ("✗", "red")}


# -- up and down ------------------------------------------------------------------------------------------------------


def find_addresses(services: Sequence[Service], *, is_beside: bool = False) -> dict[str, str]:
    """Find where each server is to be reached, by what its service publishes."""
    published = {service.name: service.ports for service in services}
    found = {}
    for server in SERVERS:
        ports = published.get(server.name, ())
        # The collector has several; that for OTLP over HTTP has the same number inside.
        chosen = [port for port in ports if port.target == urlsplit(server.url).port] or ports
        if chosen and (server.is_ours or not is_beside):
            found[server.name] = f"http://127.0.0.1:{chosen[0].number}"
    return found


def render_problems(problems: Iterable[Problem]) -> str:
    """Write one line for each thing that stands in the way."""
    return "Nothing was started.\n" + "\n".join(f"✗ {problem}" for problem in problems)


def render_failures(failures: Sequence[str], compose: Compose) -> str:
    """Write what did not become healthy, and where to read more."""
    listed = "\n".join(f"✗ {failure}" for failure in failures)
    return f"The stack is not well.\n{listed}\nMore: {compose.say('logs')}"


def render_up(preparation: Preparation, place: Place, *, is_up: bool, is_beside: bool) -> Iterator[RenderableType]:
    """Draw where to look, and what to type next."""
    from rich.text import Text

    for name in preparation.kept:
        yield Text(
            f"• {place.directory / name} is kept as you changed it; what this version brings is not in it.", "yellow"
        )
    if not is_up:
        yield Text("Nothing stands in the way. Start it: foretell up")
        if not preparation.has_images:
            yield Text(
                "(The servers have not been asked about their configuration: their images are not here yet.)", "dim"
            )
        return
    yield Text("\nThe stack is up\n", "bold")
    addresses = find_addresses(preparation.services, is_beside=is_beside)
    table = _make_table(3)
    for server in SERVERS:
        if server.is_opened and server.name in addresses:
            note = f"user admin, password: GRAFANA_PASSWORD in {place.env_file}" if server.name == "grafana" else ""
            table.add_row(f"  {server.title}", addresses[server.name], Text(note, "dim"))
    yield table
    if preparation.has_old_grafana:
        yield Text(
            "\n  There was no password in .env, but Grafana has data from before: it knows the one of then. To give it the new one:\n"
            f"  {preparation.compose.say('exec', 'grafana', 'grafana', 'cli', 'admin', 'reset-admin-password', 'NEW')}",
            "yellow",
        )
    yield Text("\nWhat to type next\n", "bold")
    table = _make_table(2)
    endpoint = addresses.get(COLLECTOR.name, COLLECTOR.url)
    table.add_row(
        Text(f"  export OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}", "bold"), Text("your own agents send here", "dim")
    )
    table.add_row(Text("  foretell demo", "bold"), Text("three agents at work, to have something to see", "dim"))
    status = "foretell status --beside" if is_beside else "foretell status"
    table.add_row(Text(f"  {status}", "bold"), Text("is every service well, and do data arrive", "dim"))
    yield table


def shape_up(
    preparation: Preparation, place: Place, *, is_up: bool, failures: Sequence[str], is_beside: bool
) -> dict[str, Any]:
    """Make `foretell.up/1`."""
    addresses = find_addresses(preparation.services, is_beside=is_beside)
    return {
        "schema": "foretell.up/1",
        "is_up": is_up,
        "directory": str(place.directory),
        "problems": [
            {"service": one.service, "place": one.place, "text": one.text, "advice": one.advice}
            for one in preparation.problems
        ],
        "failures": list(failures),
        "kept_files": preparation.kept,
        "addresses": addresses,
        "password_file": str(place.env_file) if "grafana" in addresses else None,
    }


def shape_down(*, is_down: bool, has_deleted: bool) -> dict[str, Any]:
    """Make `foretell.down/1`."""
    return {"schema": "foretell.down/1", "is_down": is_down, "has_deleted": has_deleted}


# -- demo -------------------------------------------------------------------------------------------------------------


def render_sending(stack_url: str | None) -> Iterator[RenderableType]:
    """Draw that the demo sends to a stack which nobody has named; nothing where it does not."""
    from rich.text import Text

    if stack_url is not None:
        yield Text(
            f"A stack runs on this machine, so it is sent there too, to {stack_url} (not with --local).\n", "dim"
        )


def render_sent(stack_url: str | None) -> Iterator[RenderableType]:
    """Draw where in the stack to look at what the demo has sent."""
    from rich.text import Text

    if stack_url is not None:
        yield Text("In the stack\n", "bold")
        table = _make_table(2)
        for server in SERVERS:
            if server.name in ("grafana", "jaeger"):
                table.add_row(f"  {server.title}", server.url)
        table.add_row("  Your own agents", f"export OTEL_EXPORTER_OTLP_ENDPOINT={stack_url}")
        yield table
        yield Text("")


# -- status -----------------------------------------------------------------------------------------------------------


def render_status(
    healths: Mapping[str, Health], arrivals: Iterable[Arrival], endpoint: EndpointVerdict, width: int
) -> Iterator[RenderableType]:
    """Draw the services, the road of the probe, and where programs send."""
    from rich.text import Text

    yield Text("\nServices\n", "bold")
    table = _make_table(4)
    for health in healths.values():
        mark = MARKS["ok" if health.is_well else "trouble"]
        text = format_duration(health.took_s) if health.is_well else str(health.reply)
        table.add_row(Text(*mark), health.server.title, Text(health.server.url, "dim"), Text(text))
    yield table
    if not any(health.is_well for health in healths.values()):
        yield Text("\nNothing of the stack answers. Start it: foretell up")
    else:
        yield Text("\nA probe through the collector\n", "bold")
        yield _draw_arrivals(healths, arrivals)
    yield Text("\nYour programs\n", "bold")
    table = _make_table(3)
    said = Text(endpoint.text)
    if endpoint.advice:
        said.append(f"\n{endpoint.advice}", "dim")
    table.add_row(Text(*MARKS[endpoint.level]), "endpoint", said)
    yield table


def _draw_arrivals(healths: Mapping[str, Health], arrivals: Iterable[Arrival]) -> Table:
    """Draw where each signal came out; what has one reason is told once."""
    from rich.text import Text

    lost: dict[tuple[str, str], list[str]] = {}
    table = _make_table(3)
    for arrival in arrivals:
        title = healths[arrival.store].server.title
        if arrival.took_s is not None:
            said = Text(f"found in {title} after {format_duration(arrival.took_s)}")
            table.add_row(Text(*MARKS["ok"]), arrival.signal, said)
        else:
            lost.setdefault((arrival.text, arrival.advice), []).append(f"{arrival.signal} not in {title}")
    for (text, advice), where in lost.items():
        said = Text(f"{', '.join(where)}: {text}").append(f"\n{advice}", "dim")
        table.add_row(Text(*MARKS["trouble"]), "missing", said)
    return table


def shape_status(
    healths: Mapping[str, Health], arrivals: Iterable[Arrival], endpoint: EndpointVerdict, *, is_well: bool
) -> dict[str, Any]:
    """Make `foretell.status/1`."""
    return {
        "schema": "foretell.status/1",
        "is_well": is_well,
        "services": [
            {
                "name": health.server.name,
                "url": health.server.url,
                "is_well": health.is_well,
                "took_s": health.took_s,
                "text": None if health.is_well else str(health.reply),
            }
            for health in healths.values()
        ],
        "probe": [
            {
                "signal": arrival.signal,
                "store": arrival.store,
                "took_s": arrival.took_s,
                "text": arrival.text or None,
                "advice": arrival.advice or None,
            }
            for arrival in arrivals
        ],
        "endpoint": {"level": endpoint.level, "text": endpoint.text, "advice": endpoint.advice or None},
    }


def _make_table(columns: int) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(columns - 1):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
