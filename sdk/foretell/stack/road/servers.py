"""The stack's servers as they are seen from this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from foretell.errors import ForetellError
from foretell.stack.road.http import Fetch, Reply


@dataclass(frozen=True, slots=True)
class Server:
    """One server: where it is, and how to ask it how it is."""

    name: str
    """As docker-compose.yml calls it."""
    title: str
    url: str
    health: str
    """The path that answers while it is well."""
    is_ours: bool = False
    """Also started beside stores that are there already."""
    is_opened: bool = False
    """Has pages for people."""


SERVERS = (
    Server("otel-collector", "Collector", "http://127.0.0.1:4318", "/v1/traces", is_ours=True),
    Server("jaeger", "Jaeger", "http://127.0.0.1:16686", "/api/services", is_opened=True),
    Server("tempo", "Tempo", "http://127.0.0.1:3200", "/ready"),
    Server("prometheus", "Prometheus", "http://127.0.0.1:9090", "/-/ready", is_ours=True, is_opened=True),
    Server("loki", "Loki", "http://127.0.0.1:10202", "/ready"),
    Server("alertmanager", "Alertmanager", "http://127.0.0.1:10203", "/-/ready", is_ours=True, is_opened=True),
    Server("grafana", "Grafana", "http://127.0.0.1:10201", "/api/health", is_opened=True),
)
"""Where docker-compose.yml publishes them."""
COLLECTOR = SERVERS[0]
PROMETHEUS = SERVERS[3]
OUR_ALERT = "AgentLoop"
"""A rule that only our Prometheus looks at."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a server is."""

    server: Server
    reply: Reply
    took_s: float

    @property
    def is_well(self) -> bool:
        """True where it says so itself."""
        return self.reply.is_good


def choose_servers(at: Iterable[str], without: Iterable[str], *, is_beside: bool = False) -> list[Server]:
    """Choose whom to ask: `at` moves servers (`jaeger=http://host:16686`), `without` leaves some out.

    Beside stores that are there already only those of ours are asked, and others whose address is given.
    """
    moved = dict(map(_read_address, at))
    absent = {_find(name) for name in without}
    if COLLECTOR.name in absent:
        raise ForetellError(f"--without {COLLECTOR.name} leaves nothing to look at: everything goes through it.")
    return [
        replace(server, url=moved.get(server.name, server.url))
        for server in SERVERS
        if server.name not in absent and (server.is_ours or not is_beside or server.name in moved)
    ]


def ask_health(servers: Iterable[Server], fetch: Fetch, clock: Callable[[], float]) -> dict[str, Health]:
    """Ask all of them at once how they are."""

    def ask(server: Server) -> Health:
        begun_s = clock()
        # The collector's own health port is not published; taking an empty request is what it is there for.
        reply = fetch(f"{server.url}{server.health}", {} if server.name == COLLECTOR.name else None)
        return Health(server, reply, clock() - begun_s)

    with ThreadPoolExecutor(len(SERVERS)) as pool:
        return {health.server.name: health for health in pool.map(ask, servers)}


def is_stack_running(fetch: Fetch) -> bool:
    """Say whether a stack of ours runs on this machine, not just any collector: its Prometheus looks at our rules."""
    rules = fetch(f"{PROMETHEUS.url}/api/v1/rules?type=alert&rule_name[]={OUR_ALERT}", None)
    return f'"{OUR_ALERT}"' in rules.text and fetch(f"{COLLECTOR.url}{COLLECTOR.health}", {}).is_good


def _read_address(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForetellError(f"--at {text!r} is no address of a service; it reads like jaeger=http://127.0.0.1:16686.")
    return _find(name), url.rstrip("/")


def _find(name: str) -> str:
    names = [server.name for server in SERVERS]
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
        raise ForetellError(f"{name!r} is no service of the stack. {hint}")
    return name
