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


@pytest.mark.parametrize(
    ("client", "server", "path"),
    [
        ("httpx", ("uvicorn", "app:app", "--port", "0"), "async"),
        ("aiohttp", ("uvicorn", "bare:app", "--port", "0"), "plain"),
        ("requests", ("flask", "--app", "web", "run", "--port", "0"), "plain"),
    ],
    ids=["fastapi", "starlette", "flask"],
)
def test_a_service_goes_on_with_the_run_of_the_agent_that_asks_it(scene, client, server, path):
    """FastAPI tells of itself in between, since there is somebody to tell."""
    service = scene.start(*server)
    address = service.wait_for(r"unning on (http://127\.0\.0\.1:\d+)")
    done = scene.run("graph.py", QUESTION, f"over_{client}", f"{address}/{path}")
    assert (0, 1) == (done.returncode, done.text.count(ANSWER)), done.text
    service.end(signal.SIGINT)

    (run,) = scene.played.runs
    by_id = {call.span_id: call for call in run.calls}
    (asked,) = scene.played.model_calls
    above = [asked]
    while above[-1].parent_id is not None:
        above.append(by_id[above[-1].parent_id])
    lines = [line for call in above if call.scope != "fastapi" for line in [f"{call.kind.value} {call.name}"]]
    assert [MODEL, "span GET 127.0.0.1", "workflow weather_graph"] == lines
    assert 1 == len(scene.asked)
    assert 1 == len({call.trace_id for call in run.calls})
