"""`foretell run` before what starts people's programs: each does what it does without us, and every request is in the store."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contracts.frameworks.weather import CANARY

QUESTION = f"What is the weather in {CANARY}paris?"
SUNNY = f"The weather in {CANARY}paris is sunny."
MODEL = "llm gpt-4o-mini"
ADDRESS = r"(?:unning on|istening at:) (http://127\.0\.0\.1:\d+)"
_VOLATILE = re.compile(r"\d+")

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("launchers")]


def ask(address, path="plain"):
    """Its answer; of several workers, the first may still be about to listen."""
    query = urllib.parse.urlencode({"question": QUESTION})
    for _ in range(1_200):
        try:
            with urllib.request.urlopen(f"{address}/{path}?{query}", timeout=60) as answered:
                return json.load(answered)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.05)
    raise AssertionError("nobody listens")


def assert_recorded(scene, *trees, before=0):
    """Every request that the model server was asked since is one model call with its tokens, in these trees."""
    asked = sorted((request["input_tokens"], request["output_tokens"]) for request in scene.asked[before:])
    played = scene.played

    assert "\n".join(trees) == played.tree()
    assert asked == sorted((call.usage.input_tokens, call.usage.output_tokens) for call in played.model_calls)


def said(running):
    """What it has said itself, without numbers, which differ each time; in any order, since its processes race."""
    lines = [_VOLATILE.sub("0", line) for line in running.text.splitlines() if not line.startswith("foretell: ")]
    return sorted(line for line in lines if line.strip())


def serve(scene, *command, recorded):
    """Start a server, ask it twelve times, some of them at once, and end it as a supervisor does."""
    server = scene.start(*command, recorded=recorded)
    address = server.wait_for(ADDRESS)
    first = ask(address)
    with ThreadPoolExecutor(4) as people:
        answers = [first, *people.map(ask, [address] * 11)]
    assert {SUNNY} == {answer["answer"] for answer in answers}
    return server.end(signal.SIGTERM)


SERVERS = {
    "gunicorn": ("gunicorn", "-w", "2", "-b", "127.0.0.1:0", "--no-control-socket", "web:app"),
    "uvicorn": ("uvicorn", "bare:app", "--port", "0", "--workers", "2", "--timeout-worker-healthcheck", "60"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_workers_of_a_server_are_recorded_and_it_ends_as_without_us(scene, name):
    plain = serve(scene, *SERVERS[name], recorded=False)
    before = len(scene.asked)
    done = serve(scene, *SERVERS[name], recorded=True)

    assert plain.returncode == done.returncode, done.text
    assert said(plain) == said(done)
    assert_recorded(scene, *[MODEL] * 12, before=before)


def test_a_server_that_reloads_is_recorded_before_and_after(scene):
    server = scene.start("uvicorn", "bare:app", "--port", "0", "--reload")
    address = server.wait_for(ADDRESS)
    server.wait_for("startup complete")
    assert SUNNY == ask(address)["answer"]
    (scene.directory / "bare.py").write_text((scene.directory / "bare.py").read_text() + "\nchanged = True\n")
    server.wait_for(r"startup complete[\s\S]*startup complete")
    assert SUNNY == ask(address)["answer"]
    server.end(signal.SIGTERM)

    assert_recorded(scene, MODEL, MODEL)


def work(scene, *, recorded):
    worker = scene.start("celery", "-A", "tasks", "worker", "--concurrency", "2", "-l", "warning", recorded=recorded)
    sender = scene.run("send.py", QUESTION, "4", "fails", recorded=False)
    assert 4 == sender.text.count(f"answered {SUNNY}\n"), sender.text + worker.text
    assert "failed LookupError\n" in sender.text
    return worker.end(signal.SIGTERM)


def test_a_worker_of_celery_is_recorded_and_ends_as_without_us(scene):
    """A task that asks no model is no run."""
    plain = work(scene, recorded=False)
    before = len(scene.asked)
    done = work(scene, recorded=True)

    assert (0, 0) == (plain.returncode, done.returncode), done.text
    assert_recorded(scene, *[f"span task tasks.answer\n  {MODEL}"] * 4, before=before)


def test_a_test_run_is_recorded_and_fails_as_without_us(scene):
    command = ("pytest", "-q", "-p", "no:cacheprovider", "checks.py")
    plain = scene.run(*command, recorded=False)
    before = len(scene.asked)
    done = scene.run(*command)

    assert (1, 1) == (plain.returncode, done.returncode)
    assert said(plain) == said(done)
    assert_recorded(scene, MODEL, MODEL, before=before)


@pytest.mark.parametrize(
    "command",
    [
        ("jupyter", "nbconvert", "--execute", "--to", "notebook", "--inplace", "agent.ipynb"),
        ("jupyter", "execute", "--inplace", "agent.ipynb"),
    ],
    ids=["nbconvert", "execute"],
)
def test_a_notebooks_kernel_is_recorded(scene, command):
    done = scene.run(*command)
    cells = json.loads((scene.directory / "agent.ipynb").read_text())["cells"]

    assert 0 == done.returncode, done.text
    assert f"{SUNNY}\n" == "".join(cells[1]["outputs"][0]["text"])
    assert_recorded(scene, MODEL, MODEL)
