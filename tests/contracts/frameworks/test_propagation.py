"""One interaction is one run in one trace, through tasks, threads, queues and services that know nothing of us."""

from __future__ import annotations

import signal

import pytest

from tests.contracts.frameworks.weather import CANARY

QUESTION = f"What is the weather in {CANARY}paris?"
ANSWER = f"answered The weather in {CANARY}paris is sunny.\n"
MODEL = "llm gpt-4o-mini"

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("launchers")]


def assert_one_trace(scene, tree):
    """All requests are model calls of this one tree, and all calls bear one trace's id."""
    played = scene.played

    assert tree == played.tree()
    assert len(scene.asked) == len(played.model_calls)
    assert 1 == len({call.trace_id for call in played.calls})


def test_branches_of_a_graph_are_one_run(scene):
    done = scene.run("graph.py", QUESTION, "with_model,with_model,with_model")

    assert (0, 3) == (done.returncode, done.text.count(ANSWER)), done.text
    assert_one_trace(scene, "\n".join(["workflow weather_graph", *[f"  {MODEL}"] * 3]))


def test_what_an_agents_threads_ask_is_the_agents(scene):
    """By `asyncio.to_thread`, which carries its context by itself, and in a pool, which does not."""
    done = scene.run("graph.py", QUESTION, "in_thread,in_pool")

    assert (0, 2) == (done.returncode, done.text.count(ANSWER)), done.text
    assert_one_trace(scene, "\n".join(["workflow weather_graph", *[f"  {MODEL}"] * 3]))


def test_a_task_goes_on_with_the_run_of_the_agent_that_sent_it(scene):
    worker = scene.start("celery", "-A", "tasks", "worker", "--concurrency", "1", "--loglevel", "info")
    worker.wait_for("ready")
    done = scene.run("graph.py", QUESTION, "by_worker")
    assert (0, 1) == (done.returncode, done.text.count(ANSWER)), done.text
    assert 0 == worker.end(signal.SIGTERM).returncode, worker.text

    assert_one_trace(scene, f"workflow weather_graph\n  span task tasks.answer\n    {MODEL}")


def assert_path(scene, *path):
    """The one request is a model call inside these calls, of one run and one trace; what FastAPI tells is passed over."""
    (run,) = scene.played.runs
    by_id = {call.span_id: call for call in run.calls}
    (call,) = scene.played.model_calls
    above = [call]
    while above[0].parent_id is not None:
        above.insert(0, by_id[above[0].parent_id])

    assert list(path) == [f"{call.kind.value} {call.name}" for call in above if call.scope != "fastapi"]
    assert (1, 1) == (len(scene.asked), len({call.trace_id for call in run.calls}))


FLASK = ("flask", "--app", "web", "run", "--port", "0")


def serve(scene, *server):
    """Start a service; its address."""
    return scene.start(*server).wait_for(r"unning on (http://127\.0\.0\.1:\d+)")


@pytest.mark.parametrize(
    ("client", "server", "path"),
    [("httpx", ("uvicorn", "app:app", "--port", "0"), "async"), ("requests", FLASK, "plain")],
    ids=["fastapi", "flask"],
)
def test_a_service_goes_on_with_the_run_of_the_agent_that_asks_it(scene, client, server, path):
    """FastAPI tells of itself in between, since there is somebody to tell."""
    done = scene.run("graph.py", QUESTION, f"over_{client}", f"{serve(scene, *server)}/{path}")
    assert (0, 1) == (done.returncode, done.text.count(ANSWER)), done.text
    scene.end(signal.SIGINT)

    assert_path(scene, "workflow weather_graph", "span GET 127.0.0.1", MODEL)


def test_a_service_without_an_agent_sends_the_run_on(scene):
    port = serve(scene, *FLASK).rpartition(":")[2]
    first = serve(scene, "uvicorn", "bare:app", "--port", "0")
    done = scene.run("graph.py", QUESTION, "over_aiohttp", f"{first}/forward/{port}")
    assert (0, 1) == (done.returncode, done.text.count(ANSWER)), done.text
    scene.end(signal.SIGINT)

    assert_path(scene, "workflow weather_graph", "span GET 127.0.0.1", "span GET 127.0.0.1", MODEL)
