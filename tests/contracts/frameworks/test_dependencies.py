"""What agents ask over HTTP is in their runs: whom, how it ended, and no more than that."""

from __future__ import annotations

import socket

import pytest

from tests.contracts.frameworks.weather import CANARY
from tests.support.haystacks import find_all

TIMEOUTS = {
    "httpx": "httpx.ReadTimeout",
    "requests": "requests.exceptions.ReadTimeout",
    "aiohttp": "builtins.TimeoutError",
}

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("launchers")]


@pytest.fixture
def silent():
    """The address of somebody who never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("client", TIMEOUTS)
def test_an_agents_requests_are_in_its_run_and_time_outs_in_a_row_are_found(scene, silent, client):
    """None is told of what is asked outside of an agent, and nowhere is there more than the server's name."""
    done = scene.run("patient.py", client, scene.root_url, silent)
    assert 0 == done.returncode, done.text

    (run,) = scene.played.runs
    calls = [call for call in scene.played.calls if call.kind.value == "span"]
    about = [(call.name, call.outcome.value, call.error and call.error.type) for call in calls]
    assert [
        ("GET 127.0.0.1", "ok", None),
        ("GET 127.0.0.1", "error", "404"),
        *[("GET 127.0.0.1", "error", TIMEOUTS[client])] * 4,
    ] == about
    assert ["127.0.0.1"] * 6 == [call.attributes["server.address"] for call in calls]
    assert [200, 404, None] == [call.attributes.get("http.response.status_code") for call in calls[:3]]
    assert {"client"} == {call.span_kind for call in calls}
    assert ["dependency_timeouts"] == [finding.trigger for finding in run.findings]
    assert {} == find_all([f"{CANARY}key", f"{CANARY}path"], scene.played.stored)
