"""The stack tier runs by `make test-stack`, with which `make test` ends: real servers, root for their namespaces."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.stack.desk import Desk
from tests.stack.history import write_history
from tests.stack.holds import shorten_holds
from tests.stack.images import IMAGES, ROOT
from tests.stack.road import ask, wait_for
from tests.stack.runner import Stack, missing_servers
from tests.stack.troubles import Troubles
from tests.stack.webhook import listen

NEEDED = [image.server for image in IMAGES.values() if image.server != "tempo"] + ["promtool"]
# Servers are killed at the end, when nothing else is looked at; what ends late is looked at after most of that.
NOT_PROVEN = "not proven here"
ROOMS = ("files", "signals", "frameworks", "panels", "paging", "outages", "endings", "last")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tier out where nobody asked for it; else go from room to room."""
    if "stack" in config.getoption("markexpr", ""):
        items.sort(key=lambda item: ROOMS.index(item.path.parent.name) if item.path.parent.name in ROOMS else 0)
        return
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.skip(reason="runs real servers: `make test-stack`"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """For where everything must be proven."""
    parser.addoption("--every-server", action="store_true", help="a server that is not built is a failure (not Tempo)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which checks did not run, why, and what to type."""
    if "stack" not in config.getoption("markexpr", ""):
        return
    for reason, names in _list_skipped(terminalreporter).items():
        terminalreporter.write_line(f"{len(names)} checks did not run. {reason}", yellow=True)
        counted = Counter(name.partition("[")[0] for name in names)
        for name, count in sorted(counted.items()):
            terminalreporter.write_line(f"    {name}{f' ({count} cases)' if count > 1 else ''}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where a check did not run that could have."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not session.config.getoption("--every-server") or not isinstance(reporter, pytest.TerminalReporter):
        return
    if any(not reason.startswith(NOT_PROVEN) for reason in _list_skipped(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _list_skipped(reporter: pytest.TerminalReporter) -> dict[str, list[str]]:
    """Reason → the checks that it kept from running."""
    found: dict[str, list[str]] = {}
    for report in reporter.getreports("skipped"):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        found.setdefault(reason, []).append(report.nodeid.removeprefix("tests/stack/"))
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every service of docker-compose.yml that has a native server, running and healthy, with a day behind it."""
    if absent := missing_servers(NEEDED):
        pytest.skip(f"not built: {', '.join(absent)}. Type: tools/servers.sh {' '.join(absent)} (it needs Go)")
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2: run `sudo make test-stack`, or use Docker")
    folder = tmp_path_factory.mktemp("stack")
    _let_pass(folder)
    spec = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    webhook = f"http://host.docker.internal:{port}/"
    environment = {"FORETELL_ALERT_WEBHOOK_URL": webhook, "FORETELL_DEADMAN_URL": f"{webhook}alive"}
    with Stack(spec, folder, environment) as running, listen(running.host, port) as running.told:
        shorten_holds(running)
        write_history(running.services["prometheus"])
        running.start()
        yield running


@pytest.fixture(scope="session")
def troubles(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubles]:
    """Programs that get into each kind of trouble, at work."""
    with Troubles(stack, tmp_path_factory.mktemp("troubles")) as playing:
        yield playing


@pytest.fixture(scope="session")
def troubles_ended(troubles: Troubles) -> Troubles:
    """The same, once each is through."""
    troubles.wait_for_all()
    return troubles


@pytest.fixture(scope="session")
def ended_s(troubles_ended: Troubles) -> float:
    """When the last of the troubles was ended."""
    troubles_ended.end()
    return time.time()


@pytest.fixture(scope="session")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The demo fleet, which has worked twice.

    It rests meanwhile, as its container does: a rate is between two numbers, and the collector tells one in ten seconds.
    """
    found = Desk(tmp_path_factory.mktemp("desk"), "demo")
    found.work(stack)
    counted = f'traces_span_metrics_calls_total{{job="{found.job}"}}'
    wait_for(lambda: ask(f"{stack.url('prometheus', 9090)}/api/v1/query", query=counted)["data"]["result"])
    found.work(stack)
    return found


@pytest.fixture(scope="session", autouse=True)
def _begin_early(request: pytest.FixtureRequest) -> None:
    """Have the programs in trouble work while other things are looked at."""
    marks = request.config.getoption("markexpr", "")
    if "stack" in marks and any("troubles" in getattr(item, "fixturenames", ()) for item in request.session.items):
        with suppress(pytest.skip.Exception):  # others still run where servers cannot
            request.getfixturevalue("troubles")


@pytest.fixture(scope="module", autouse=True)
def _end_early(request: pytest.FixtureRequest) -> None:
    """End the troubles before servers are killed: what it takes until an alert is over passes meanwhile."""
    is_late = Path(request.node.path).parent.name == "outages"
    if is_late and any("ended_s" in getattr(item, "fixturenames", ()) for item in request.session.items):
        with suppress(pytest.skip.Exception):
            request.getfixturevalue("ended_s")


def _let_pass(folder: Path) -> None:
    """Each service has its own user, and must reach its folder."""
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o011)
