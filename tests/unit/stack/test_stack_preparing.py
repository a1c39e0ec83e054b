"""Everything is looked at before anything starts."""

from __future__ import annotations

import errno
import json

import pytest

from foretell.stack.commands import Answer
from foretell.stack.compose import Choice
from foretell.stack.files import Place
from foretell.stack.preparing import Machine, prepare
from tests.unit.stack.fake_commands import FakeCommands

CONTAINER = {"Service": "loki", "State": "running", "Publishers": [{"PublishedPort": 10202}, {"PublishedPort": 0}]}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "loki.yaml").write_text("a: 1\n")
    return Place(tmp_path, None)


@pytest.fixture
def model(place):
    volumes = [
        {"type": "bind", "source": str(place.directory / "deploy"), "target": "/etc/loki"},
        {"type": "volume", "source": "loki-data", "target": "/loki"},
    ]
    ports = [{"host_ip": "127.0.0.1", "target": 3100, "published": "10202", "protocol": "tcp"}]
    loki = {"image": "grafana/loki:3.7.8", "command": ["-config.file=/etc/loki/loki.yaml"], "entrypoint": None}
    return json.dumps({"name": "foretell", "services": {"loki": {**loki, "volumes": volumes, "ports": ports}}})


@pytest.fixture
def answers(model, tmp_path):
    return {
        "compose version": Answer(0, "2.39.1\n"),
        "docker info": Answer(0, json.dumps({"ServerVersion": "28.0", "DockerRootDir": str(tmp_path)})),
        "config --format json": Answer(0, model),
        "config --no-interpolate": Answer(0),
        "ps --all": Answer(0, ""),
        "image inspect": Answer(0, "ok\n"),
        "run --rm": Answer(0),
    }


@pytest.fixture
def look(place, answers):
    def run(*, absent=(), taken=(), free_gb=100.0, environ=None, choice=None, **changed):
        commands = FakeCommands(
            {**{name.replace("_", " "): answer for name, answer in changed.items()}, **answers}, absent=absent
        )
        machine = Machine(
            commands,
            listen=lambda host, port: OSError(errno.EADDRINUSE, "in use") if port in taken else None,
            free=lambda folder: None if free_gb is None else free_gb * 1e9,
        )
        return prepare(machine, place, choice or Choice(), environ or {}), commands

    return run


def lines(preparation):
    return [str(problem) for problem in preparation.problems]


def test_where_all_is_well_nothing_stands_in_the_way(look, place):
    preparation, _ = look()

    assert [] == lines(preparation)
    assert preparation.has_new_password
    assert "GRAFANA_PASSWORD=" in place.env_file.read_text()


def test_a_password_that_is_there_stays(look, place):
    place.env_file.write_text("GRAFANA_PASSWORD=mine\n")
    preparation, _ = look()

    assert not preparation.has_new_password
    assert "GRAFANA_PASSWORD=mine\n" == place.env_file.read_text()


def test_data_of_a_grafana_that_knows_another_password_are_noticed(look, answers):
    assert not look()[0].has_old_grafana


def test_old_grafana_data_without_a_password_are_told(look):
    preparation, _ = look(**{"volume inspect": Answer(0, "[]")})

    assert preparation.has_old_grafana


def test_without_docker_the_one_line_says_where_to_get_it(look, place):
    preparation, commands = look(absent=("docker",))
    advice = "Install Docker (https://docs.docker.com/get-docker), then type the same again."

    assert [f"docker: docker: is not on PATH. {advice}"] == lines(preparation)
    assert [] == commands.asked
    assert not place.env_file.exists()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(Answer(1, err="unknown command"), "is not installed"), (Answer(0, "v2.16.0\n"), "is v2.16.0, older than 2.17")],
)
def test_compose_has_to_be_there_and_new_enough(look, answers, answer, expected):
    answers["compose version"] = answer
    (line,) = lines(look()[0])

    assert line.startswith(f"docker: docker compose: {expected}. Install or update the plugin")


@pytest.mark.parametrize("version", ["2.17.0", "v2.39.1-desktop.1", "5.0.0"])
def test_newer_composes_are_taken(look, answers, version):
    answers["compose version"] = Answer(0, version)

    assert [] == lines(look()[0])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(1, err="Cannot connect to the Docker daemon.\n"), "does not answer (Cannot connect to the Docker daemon). Start"),
        (Answer(0, '{"ServerErrors": ["Cannot connect"]}'), "does not answer (Cannot connect). Start Docker Desktop"),
        (Answer(1, err="permission denied while trying to connect\n"), "connect). Type: sudo usermod -aG docker $USER"),
        (Answer(124, err="no answer within 60 seconds"), "does not answer (no answer within 60 seconds)."),
    ],
)  # fmt: skip
def test_an_engine_that_does_not_answer_is_told_and_the_rest_is_looked_at(look, answers, answer, expected):
    answers["docker info"] = answer
    found = lines(look(taken=(10202,))[0])

    assert found[0].startswith("docker: engine: ")
    assert expected in found[0]
    assert found[1].startswith("loki: port 10202: is taken by")


def test_what_compose_says_of_its_files_is_passed_on(look, answers, place):
    said = "required variable FORETELL_TRACES_ENDPOINT is missing a value: is not set. Write it into .env"
    answers["config --format json"] = Answer(1, err=f"time=now level=warning\n{said}\n")

    assert [f"docker: {place.compose_file}: {said}. Mend it, or write what it asks for into .env beside it."] == lines(
        look()[0]
    )


def test_a_model_that_nobody_understands_is_a_problem_and_no_crash(look, answers):
    answers["config --format json"] = Answer(0, "[]")

    assert 1 == len(lines(look()[0]))


def test_ports_of_the_stack_that_runs_are_its_own(look, answers):
    listed = [json.dumps([CONTAINER]), json.dumps(CONTAINER) + "\n"]

    found = []
    for text in listed:  # as older and as newer versions of compose list them
        answers["ps --all"] = Answer(0, text)
        found.append(lines(look(taken=(10202,))[0]))
    assert [[], []] == found


def test_several_problems_are_told_at_once(look, place):
    (place.directory / "deploy" / "loki.yaml").unlink()
    found = lines(look(taken=(10202,))[0])

    assert ["loki: deploy/loki.yaml: is not there", "loki: port 10202: is taken by another program"] == [
        line.partition(". ")[0] for line in found
    ]


@pytest.mark.parametrize(
    ("free_gb", "has_images", "is_enough"),
    [(0.5, True, False), (2.0, True, True), (2.0, False, False), (5.0, False, True), (None, False, True)],
)
def test_there_has_to_be_room_for_images_and_data(look, answers, free_gb, has_images, is_enough):
    answers["image inspect"] = Answer(0 if has_images else 1)
    found = lines(look(free_gb=free_gb)[0])

    assert is_enough == (not found)
    assert is_enough or "GB free" in found[0]


def test_a_folder_that_cannot_be_written_is_told(look, place):
    place.env_file.mkdir()
    (place.directory / ".env.part").mkdir()
    (line,) = lines(look()[0])

    assert "Make it writable for yourself." in line
