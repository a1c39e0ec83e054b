"""A port that somebody else has is told with its holder; our own are not in our way."""

from __future__ import annotations

import errno
import socket

import pytest

from foretell.stack.commands import Answer
from foretell.stack.model import Port, Service
from foretell.stack.ports import find_taken, name_holder, try_listening
from tests.unit.stack.fake_commands import FakeCommands

LOKI = Service("loki", "grafana/loki", (Port("127.0.0.1", 10202),))
GRAFANA = Service("grafana", "grafana/grafana", (Port("127.0.0.1", 10201),))


def refuse(host, port):
    return OSError(errno.EADDRINUSE, "in use")


def test_free_ports_are_no_problem():
    assert [] == list(find_taken([LOKI, GRAFANA], frozenset(), lambda host, port: None, FakeCommands()))


def test_ports_of_our_own_running_stack_are_no_problem():
    found = list(find_taken([LOKI, GRAFANA], frozenset((10202,)), refuse, FakeCommands()))

    assert ["grafana"] == [problem.service for problem in found]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"docker ps": Answer(0, "other-loki-1\n")}, "the container other-loki-1"),
        ({"ss ": Answer(0, 'LISTEN 0 5 127.0.0.1:10202 0.0.0.0:* users:(("python3",pid=77,fd=3))\n')}, "python3 (process 77)"),
        ({"docker ps": Answer(0, ""), "lsof": Answer(0, "p88\ncControlCe\n")}, "ControlCe (process 88)"),
        ({"docker ps": Answer(0, "\n"), "ss ": Answer(0, "LISTEN 0 5 127.0.0.1:10202 0.0.0.0:*\n")}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_holder_is_named_where_anything_tells(answers, expected):
    assert expected == name_holder(Port("127.0.0.1", 10202), FakeCommands(answers))


def test_the_problem_says_service_port_and_what_to_do():
    (found,) = find_taken([LOKI], frozenset(), refuse, FakeCommands())
    advice = "Stop it, or publish another port for loki in docker-compose.yml."

    assert f"loki: port 10202: is taken by another program. {advice}" == str(found)


def test_an_address_of_another_machine_is_told():
    (found,) = find_taken([LOKI], frozenset(), lambda host, port: OSError(errno.EADDRNOTAVAIL, "no"), FakeCommands())

    assert "127.0.0.1 is no address of this machine" == found.text


def test_listening_finds_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = try_listening("127.0.0.1", port)

    assert refused is not None
    assert errno.EADDRINUSE == refused.errno
    assert try_listening("127.0.0.1", port) is None
