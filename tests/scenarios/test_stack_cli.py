"""`foretell up`, `down` and `status` as they are typed, on a copy of the project, with a `docker` that notes what it is asked."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack_desk import Desk, find_free_ports, make_checkout, make_installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the docker on PATH is a shell script"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A checkout."""
    return make_checkout(tmp_path)


@pytest.fixture
def installed(tmp_path: Path) -> Desk:
    """An installed wheel."""
    return make_installed(tmp_path)


def read_password(desk: Desk) -> str:
    (line,) = (line for line in (desk.stack / ".env").read_text().splitlines() if line.startswith("GRAFANA_PASSWORD="))
    return line.partition("=")[2]


# -- all is well ------------------------------------------------------------------------------------------------------


def test_up_starts_everything_and_says_where_it_is(desk: Desk) -> None:
    done = desk.type("up")

    assert 0 == done.returncode, done.stderr
    (started,) = desk.calls("up")
    assert ["-d", "--wait"] == [word for word in started if word in ("-d", "--wait")]
    assert [str(desk.stack / "docker-compose.yml")] == [
        started[at + 1] for at, word in enumerate(started) if word == "-f"
    ]
    assert {"Grafana", "Jaeger", "Prometheus", "Alertmanager"} <= set(done.stdout.split())
    assert re.search(r"export OTEL_EXPORTER_OTLP_ENDPOINT=http://127\.0\.0\.1:\d+", done.stdout)
    assert "foretell demo" in done.stdout
    assert "Healthy" in done.stderr  # compose's own progress


def test_the_password_is_made_once_and_shown_never(desk: Desk) -> None:
    said = [desk.type("up") for _ in range(2)]
    password = read_password(desk)

    assert 0o600 == (desk.stack / ".env").stat().st_mode & 0o777
    assert not any(password in done.stdout + done.stderr for done in said)
    assert all(str(desk.stack / ".env") in done.stdout for done in said)


def test_the_addresses_are_those_that_are_published(desk: Desk) -> None:
    shape = json.loads(desk.type("up", "--json").stdout)
    text = (desk.stack / "docker-compose.yml").read_text()

    assert ("foretell.up/1", True, []) == (shape["schema"], shape["is_up"], shape["problems"])
    assert f"- {shape['addresses']['grafana'].removeprefix('http://')}:3000" in text
    assert f"- {shape['addresses']['otel-collector'].removeprefix('http://')}:4318" in text
    assert 7 == len(shape["addresses"])


def test_a_check_starts_nothing(desk: Desk) -> None:
    done = desk.type("up", "--check")

    assert (0, []) == (done.returncode, desk.calls("up"))
    assert "Nothing stands in the way. Start it: foretell up" in done.stdout


@pytest.mark.parametrize(
    ("option", "file"), [("--sampling", "deploy/compose/sampling.yml"), ("--beside", "deploy/compose/beside.yml")]
)
def test_overlays_are_given_to_compose(desk: Desk, option: str, file: str) -> None:
    names = ("FORETELL_TRACES_ENDPOINT", "FORETELL_METRICS_ENDPOINT", "FORETELL_LOGS_ENDPOINT")
    (desk.stack / ".env").write_text("".join(f"{name}=somewhere:1\n" for name in names))
    done = desk.type("up", option, "--check")
    (call,) = (call for call in desk.calls("config") if "json" in call)

    assert 0 == done.returncode, done.stderr
    assert [str(desk.stack / "docker-compose.yml"), str(desk.stack / file)] == [
        call[at + 1] for at, word in enumerate(call) if word == "-f"
    ]


@contextmanager
def play_servers(desk: Desk, *services: str) -> Iterator[None]:
    """Answer 200 to everything on the ports that these services publish."""

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    shape = json.loads(desk.type("up", "--check", "--json").stdout)
    ports = [int(shape["addresses"][name].rpartition(":")[2]) for name in services]
    text = (desk.stack / "docker-compose.yml").read_text()
    servers = []
    for port in ports:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Well)
        text = text.replace(f"127.0.0.1:{port}:", f"127.0.0.1:{server.server_port}:")
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    (desk.stack / "docker-compose.yml").write_text(text)
    published = [{"PublishedPort": server.server_port} for server in servers]
    listed = json.dumps({"Service": "all", "State": "running", "Publishers": published})
    desk.docker_says({"ps --all": (0, listed, "")})
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def test_beside_other_stores_ours_are_waited_for(desk: Desk) -> None:
    """Compose cannot wait there; its own ports in use by the running stack are no obstacle."""
    names = ("FORETELL_TRACES_ENDPOINT", "FORETELL_METRICS_ENDPOINT", "FORETELL_LOGS_ENDPOINT")
    (desk.stack / ".env").write_text("".join(f"{name}=somewhere:1\n" for name in names))
    with play_servers(desk, "otel-collector", "prometheus", "alertmanager"):
        done = desk.type("up", "--beside")

    assert 0 == done.returncode, done.stderr
    assert "--wait" not in desk.calls("up")[0]
    assert "foretell status --beside" in done.stdout
    assert "Jaeger" not in done.stdout


def test_the_demo_s_image_is_built_from_the_checkout(desk: Desk) -> None:
    assert 0 == desk.type("up", "--profile", "demo").returncode
    (started,) = desk.calls("up")

    assert {"--profile", "demo", "--build"} <= set(started)
    assert not any("installed" in word for word in started)


def test_down_stops_what_was_started_in_any_way(desk: Desk) -> None:
    done = desk.type("down")
    (call,) = desk.calls("down")

    assert 0 == done.returncode
    assert ["demo", "yours"] == [call[at + 1] for at, word in enumerate(call) if word == "--profile"]
    assert "--volumes" not in call
    assert "What was recorded is kept." in done.stderr


def test_down_deletes_only_when_asked_to(desk: Desk) -> None:
    shape = json.loads(desk.type("down", "--volumes", "--json").stdout)

    assert {"schema": "foretell.down/1", "is_down": True, "has_deleted": True} == shape
    assert "--volumes" in desk.calls("down")[0]


# -- from a wheel -----------------------------------------------------------------------------------------------------


def test_a_wheel_has_all_that_up_needs(installed: Desk) -> None:
    done = installed.type("up")

    assert 0 == done.returncode, done.stderr
    assert str(installed.stack / "docker-compose.yml") in installed.calls("up")[0]
    assert (installed.stack / "deploy" / "prometheus" / "rules" / "triggers.yml").is_file()
    assert "fleet.json" in {path.name for path in (installed.stack / "dashboards" / "json").iterdir()}


def test_an_upgrade_keeps_the_password_and_what_you_changed(installed: Desk) -> None:
    installed.type("up")
    password = read_password(installed)
    installed.edit("deploy/loki/loki.yaml", "720h", "24h")
    done = installed.type("up")

    assert password == read_password(installed)
    assert "24h" in (installed.stack / "deploy/loki/loki.yaml").read_text()
    assert "loki.yaml is kept as you changed it" in " ".join(done.stdout.split())


def test_from_a_wheel_the_demo_s_image_is_that_of_the_release(installed: Desk) -> None:
    assert 0 == installed.type("up", "--profile", "demo").returncode
    assert str(installed.stack / "deploy/compose/installed.yml") in installed.calls("up")[0]


def test_from_a_wheel_that_is_no_release_the_demo_s_image_is_refused(installed: Desk) -> None:
    (installed.package / "foretell" / "version.py").write_text('__version__ = "0.2.0.dev3"\n')
    done = installed.type("up", "--profile", "demo")

    assert 2 == done.returncode
    assert "is no release" in done.stderr
    assert "foretell up, then foretell demo" in done.stderr


def test_down_before_any_up_is_refused(installed: Desk) -> None:
    done = installed.type("down")

    assert 2 == done.returncode
    assert "the stack was never started from here" in done.stderr


# -- status -----------------------------------------------------------------------------------------------------------


def test_status_of_nothing_says_how_to_start(desk: Desk) -> None:
    names = ("otel-collector", "jaeger", "tempo", "prometheus", "loki", "alertmanager", "grafana")
    words = [
        word
        for name, port in zip(names, find_free_ports(len(names)), strict=True)
        for word in ("--at", f"{name}=http://127.0.0.1:{port}")
    ]
    done = desk.type("status", *words)
    shape: dict[str, Any] = json.loads(desk.type("status", "--json", *words).stdout)

    assert 1 == done.returncode
    assert "Nothing of the stack answers. Start it: foretell up" in done.stdout
    assert ("foretell.status/1", False) == (shape["schema"], shape["is_well"])
    assert list(names) == [one["name"] for one in shape["services"]]
    assert {None} == {one["took_s"] for one in shape["probe"]}


@pytest.mark.parametrize(
    ("words", "told"), [(("--wait", "0"), "--wait 0 makes no sense"), (("--at", "x"), "is no address")]
)
def test_status_refuses_what_makes_no_sense(desk: Desk, words: tuple[str, ...], told: str) -> None:
    done = desk.type("status", *words)

    assert 2 == done.returncode
    assert told in done.stderr
