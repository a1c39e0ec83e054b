"""What stands in the way of `foretell up` is told before anything starts."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from foretell.stack.commands import Answer
from foretell.stack.configs import read_complaint, wrap
from tests.support.native_servers import find_server
from tests.support.stack_desk import ROOT, Desk, make_checkout, make_installed

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
