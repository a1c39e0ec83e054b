"""`foretell up`, `down` and `status` as they are typed, on a copy of the project, with a `docker` that notes what it is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from foretell.stack.commands import Answer
from foretell.stack.configs import read_complaint, wrap
from tests.stack.images import find_server

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the docker on PATH is a shell script"),
]


def find_free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Desk:
    """A machine with a copy of the project on it, a Docker, and a person who types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "checkout" / "sdk"
        self.stack = folder / "checkout"
        self.state = folder / "docker"
        self.path = folder / "bin"
        self.state.mkdir()
        self.path.mkdir()
        self.docker_says({})
        wrapper = self.path / "docker"
        program = ROOT / "tests" / "support" / "fake_docker.py"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "{self.state}" "$@"\n')
        wrapper.chmod(0o755)

    def docker_says(self, answers: dict[str, tuple[int, str, str]]) -> None:
        """Have it answer otherwise where these words occur in a call."""
        (self.state / "says.json").write_text(json.dumps(answers))

    def type(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Type `foretell` and these words."""
        environment = {
            "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), "PATH": str(self.path),
            "PYTHONPATH": os.pathsep.join((str(self.package), *filter(None, sys.path))), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "foretell.cli", *words],
            cwd=self.folder, env={**environment, **environ}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def calls(self, word: str) -> list[list[str]]:
        """What docker was asked to do with that word."""
        file = self.state / "calls"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if word in line]

    def edit(self, name: str, old: str, new: str) -> None:
        """Change one of the stack's files."""
        path = self.stack / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def move_ports(self) -> None:
        """Publish on ports that are free here, whatever else runs on this machine."""
        path = self.stack / "docker-compose.yml"
        text = path.read_text()
        published = re.findall(r"127\.0\.0\.1:(\d+):", text)
        for port, free in zip(published, find_free_ports(len(published)), strict=True):
            text = text.replace(f"- 127.0.0.1:{port}:", f"- 127.0.0.1:{free}:")
        path.write_text(text)

    def set_mode(self) -> None:
        """Give the files the mode that git gives them, whatever the umask is here."""
        for path in self.stack.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def copy_shipped(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=WITHOUT_CACHES)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A checkout."""
    made = Desk(tmp_path)
    for name in ("sdk/foretell", "deploy", "dashboards/json", "docker-compose.yml"):
        copy_shipped(ROOT / name, made.stack / name)
    made.set_mode()
    made.move_ports()
    return made


@pytest.fixture
def installed(tmp_path: Path) -> Desk:
    """An installed wheel: the package, and in it what pyproject.toml says that the wheel carries."""
    made = Desk(tmp_path)
    made.package = tmp_path / "site-packages"
    copy_shipped(ROOT / "sdk" / "foretell", made.package / "foretell")
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for source, target in table["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        copy_shipped(ROOT / source, made.package / target)
    made.stack = made.package / "foretell" / "_stack"
    made.move_ports()
    made.stack = tmp_path / "data" / "foretell" / "stack"
    return made


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


# -- something stands in the way --------------------------------------------------------------------------------------


def assert_nothing_started(desk: Desk, done: subprocess.CompletedProcess[str], *told: str) -> None:
    assert (2, []) == (done.returncode, desk.calls("up")), done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("✗"))
    for part in told:
        assert part in line


def test_a_broken_yaml_file_is_told_with_its_line(desk: Desk) -> None:
    lines = (desk.stack / "deploy/loki/loki.yaml").read_text().splitlines()
    number = lines.index("schema_config:") + 1
    desk.edit("deploy/loki/loki.yaml", "schema_config:", "schema_config: [")

    done = desk.type("up")
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("✗"))
    found = re.match(r"✗ loki: deploy/loki/loki\.yaml:(\d+): cannot be parsed \(.+\)\. Mend that line\.", line)
    assert found is not None, line
    assert number <= int(found[1]) <= number + 2
    assert_nothing_started(desk, done, "git checkout")


def test_a_broken_dashboard_is_told_with_its_line(desk: Desk) -> None:
    (desk.stack / "dashboards/json/cost.json").write_text('{\n  "title": "x",\n}\n')

    assert_nothing_started(desk, desk.type("up"), "grafana: dashboards/json/cost.json:3: cannot be parsed")


def test_a_broken_compose_file_is_told(desk: Desk) -> None:
    desk.edit("docker-compose.yml", "services:\n", "services: {\n")

    assert_nothing_started(desk, desk.type("up"), "docker-compose.yml")


def test_a_file_that_is_gone_is_told(desk: Desk) -> None:
    (desk.stack / "deploy/jaeger/config.yaml").unlink()

    assert_nothing_started(desk, desk.type("up"), "jaeger: deploy/jaeger/config.yaml: is not there", "git checkout")


def test_from_a_wheel_the_way_back_is_the_wheel(installed: Desk) -> None:
    installed.type("up", "--check")
    installed.edit("deploy/loki/loki.yaml", "schema_config:", "schema_config: [")

    assert_nothing_started(
        installed, installed.type("up"), "loki: deploy/loki/loki.yaml:", "A sound copy is in", "_stack"
    )


def test_a_port_that_is_taken_is_told_and_nothing_starts(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = desk.stack / "docker-compose.yml"
        path.write_text(re.sub(r"127\.0\.0\.1:\d+:3100", f"127.0.0.1:{port}:3100", path.read_text()))
        done = desk.type("up")

    assert_nothing_started(desk, done, f"loki: port {port}: is taken by", "publish another port for loki")


def test_an_engine_that_is_off_is_told(desk: Desk) -> None:
    desk.docker_says({"info": (1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n")})

    assert_nothing_started(
        desk, desk.type("up"), "docker: engine: does not answer (Cannot connect", "Start Docker Desktop"
    )


def test_a_compose_that_is_too_old_is_told(desk: Desk) -> None:
    desk.docker_says({"compose version": (0, "2.5.0\n", "")})

    assert_nothing_started(desk, desk.type("up"), "docker compose: is 2.5.0, older than 2.17")


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_docker_it_says_where_to_get_it(desk: Desk, command: str) -> None:
    (desk.path / "docker").unlink()
    done = desk.type(command)

    assert 2 == done.returncode
    assert "docker: is not on PATH. Install Docker (https://docs.docker.com/get-docker)" in done.stderr


def test_what_beside_needs_is_asked_for(desk: Desk) -> None:
    assert_nothing_started(desk, desk.type("up", "--beside"), "required variable FORETELL_TRACES_ENDPOINT", "into .env")


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--profile", "demmo"), "there is: demo"), (("--sampling", "--beside"), "do not go together")],
)
def test_what_makes_no_sense_is_refused(desk: Desk, words: tuple[str, ...], told: str) -> None:
    done = desk.type("up", *words)

    assert (2, []) == (done.returncode, desk.calls("compose"))
    assert told in done.stderr


def test_a_server_that_refuses_its_configuration_is_told_before_anything_starts(desk: Desk) -> None:
    said = "failed parsing config: line 12: field nobody_knows not found\n"
    desk.docker_says({"-T loki": (1, "", f" Network foretell_default  Created\n{said}")})

    assert_nothing_started(
        desk, desk.type("up"), "loki: deploy/loki/loki.yaml: is refused by its server", "nobody_knows", "Mend it."
    )


def test_images_that_are_not_there_are_fetched_first(desk: Desk) -> None:
    desk.docker_says({"image inspect": (1, "", "no such image\n")})
    done = desk.type("up")
    verbs = [
        next(word for word in line if word in ("pull", "run", "up"))
        for line in desk.calls("--project-directory")
        if set(line) & {"pull", "run", "up"}
    ]

    assert 0 == done.returncode
    assert ["pull", *["run"] * 6, "up"] == verbs


def test_images_that_cannot_be_fetched_stop_it(desk: Desk) -> None:
    desk.docker_says({"image inspect": (1, "", "no such image\n"), "pull": (1, "", "no route to host\n")})

    assert_nothing_started(desk, desk.type("up"), "docker: images: could not be fetched")


def test_a_check_fetches_nothing_and_says_what_it_left_out(desk: Desk) -> None:
    desk.docker_says({"image inspect": (1, "", "no such image\n")})
    done = desk.type("up", "--check")

    assert (0, [], []) == (done.returncode, desk.calls("pull"), desk.calls("run"))
    assert "have not been asked about their configuration" in done.stdout


def test_problems_are_json_too(desk: Desk) -> None:
    desk.docker_says({"info": (1, "", "off\n")})
    done = desk.type("up", "--json")
    shape = json.loads(done.stdout)

    assert (2, False) == (done.returncode, shape["is_up"])
    assert [{"service": "docker", "place": "engine", "text": "does not answer (off)"}] == [
        {name: one[name] for name in ("service", "place", "text")} for one in shape["problems"]
    ]


def test_a_service_that_does_not_become_healthy_is_named_with_its_last_words(desk: Desk) -> None:
    containers = [
        {"Service": "loki", "State": "running", "Health": "unhealthy"},
        {"Service": "jaeger", "State": "running", "Health": "healthy"},
        {"Service": "volumes-owner", "State": "exited", "ExitCode": 0},
    ]
    desk.docker_says({
        "up -d": (1, "", "container foretell-loki-1 is unhealthy\n"),
        "ps --all": (0, "".join(json.dumps(one) + "\n" for one in containers), ""),
        "logs": (0, "cannot open the index\n", ""),
    })  # fmt: skip
    done = desk.type("up")

    assert 1 == done.returncode
    assert "✗ loki: running unhealthy\n    cannot open the index" in done.stderr
    assert "jaeger:" not in done.stderr
    assert "volumes-owner" not in done.stderr


def test_compose_s_own_parser_tells_the_lines_of_the_file(tmp_path: Path) -> None:
    """What compose is made of reads files and complains as compose does."""
    parser = find_server("compose")
    if parser is None:
        pytest.skip("compose's parser is not built. Type: tools/servers.sh compose (it needs Go)")

    def parse(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "x.yml").write_text(text)
        words = [parser, "-no-interpolation", tmp_path / "x.yml"]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    sound = [path.read_text() for path in sorted((ROOT / "deploy").rglob("*.y*ml"))]
    broken = {"a: 1\nb: [1, 2\nc: 3\n": 2, "a: 1\nb: c: d\n": 2, "a: 1\n\tb: 1\n": 2, "a: 1\nb: 2\na: 3\n": 3}
    answers = {text: Answer(1, err=parse(wrap([text])).stderr).complaint for text in broken}

    assert 0 == parse(wrap(sound)).returncode
    assert broken == {text: read_complaint(said, len(text.splitlines()))[1] for text, said in answers.items()}


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
