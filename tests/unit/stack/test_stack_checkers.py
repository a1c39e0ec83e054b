"""Each server is asked about its own configuration before anything starts."""

from __future__ import annotations

import pytest

from foretell.stack.checkers import ask_servers, read_refusal
from foretell.stack.commands import Answer
from foretell.stack.compose import Choice, Compose
from foretell.stack.files import Place
from foretell.stack.model import Mount, Service
from tests.unit.stack.fake_commands import FakeCommands

ORIGIN = "A sound copy: git checkout -- FILE"


@pytest.fixture
def services(tmp_path):
    def make(name, *command, entrypoint=()):
        mounts = (Mount(tmp_path / "deploy" / name, f"/etc/{name}"),)
        return Service(name, "image", mounts=mounts, command=command, entrypoint=entrypoint)

    return [
        make("otel-collector", "--config=/etc/otel-collector/config.yaml"),
        make("prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--web.enable-lifecycle"),
        make("alertmanager", "--storage.path=/x", entrypoint=("/bin/sh", "/etc/alertmanager/start.sh")),
        make("loki", "-config.file=/etc/loki/loki.yaml"),
        make("grafana"),
    ]


@pytest.fixture
def ask(services, tmp_path):
    def run(commands):
        compose = Compose(commands, Place(tmp_path, None), Choice())
        return [str(problem) for problem in ask_servers(services, tmp_path, compose, ORIGIN)]

    return run


def test_each_is_asked_in_its_own_way(ask):
    commands = FakeCommands({"run --rm": Answer(0)})

    assert [] == ask(commands)
    said = {" ".join(words[words.index("-T") + 1 :]) for words in commands.asked}
    assert {
        "otel-collector validate --config=/etc/otel-collector/config.yaml",
        "--entrypoint /bin/promtool prometheus check config /etc/prometheus/prometheus.yml",
        "alertmanager check",
        "loki -config.file=/etc/loki/loki.yaml -verify-config",
    } == said
    assert all({"run", "--rm", "--no-deps"} <= set(words) for words in commands.asked)


def test_what_a_server_refuses_is_told_with_service_file_and_fix(ask):
    said = "failed parsing config: /etc/loki/loki.yaml: line 12: field foo not found in type loki.Config\n"
    commands = FakeCommands(
        {"-T loki": Answer(1, err=said), "-T alertmanager": Answer(1, "no route provided\n"), "run": Answer(0)}
    )

    assert [
        f"alertmanager: deploy/alertmanager: is refused by its server (no route provided). Mend it. {ORIGIN}",
        f"loki: deploy/loki/loki.yaml: is refused by its server ({said.strip()}). Mend it. {ORIGIN}",
    ] == ask(commands)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(1, err=" Network foretell_default  Created\nError: 'receivers' unknown\n"), "(Error: 'receivers' unknown)"),
        (Answer(1, err="\x1b[31merror\x1b[0m  one\n\ntwo\n"), "(error one; two)"),
        (Answer(137), "(it ended with 137)"),
    ],
)  # fmt: skip
def test_its_words_are_told_without_those_of_compose(answer, expected):
    assert f"is refused by its server {expected}" == read_refusal(answer)
