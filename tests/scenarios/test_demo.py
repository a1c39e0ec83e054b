"""`foretell demo` as a newcomer runs it, and the commands that it says to type next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from foretell.demo.model_server import ModelServer
from foretell.demo.rules import decide_for_desk

pytest.importorskip("openai")


def foretell(directory, *arguments, **environ):
    """Run the command line in `directory`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-m", "foretell.cli", *arguments],
        cwd=directory,
        env={**clean, "NO_COLOR": "1", "COLUMNS": "100", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A directory in which the demo has run, its output, and how long it took."""
    directory = tmp_path_factory.mktemp("demo")
    started_s = time.monotonic()
    done = foretell(directory, "demo")
    return directory, done, time.monotonic() - started_s


@pytest.fixture(scope="module")
def runs(shop):
    listed = json.loads(foretell(shop[0], "runs", "--json").stdout)
    assert "foretell.runs/1" == listed["schema"]
    return {run["session"]: run for run in listed["runs"]}


def load(shop, run):
    return json.loads(foretell(shop[0], "show", run["id"][:8], "--json", "--content").stdout)


def test_the_demo_succeeds_quietly_and_soon(shop):
    _, done, seconds = shop

    assert (0, "") == (done.returncode, done.stderr)
    assert seconds < 20


def test_the_demo_shows_a_tree_the_costs_the_troubles_and_what_to_type_next(shop):
    text = shop[1].stdout

    assert ["One of the runs", "What was spent", "What went wrong", "What to type next"] == [
        line
        for line in text.splitlines()
        if line in ("One of the runs", "What was spent", "What went wrong", "What to type next")
    ]
    assert "╰─ agent refunds" in text
    assert "unknown" in text
    assert "total" in text
    assert "foretell show" in text


def test_each_ticket_is_a_run_of_its_user_with_the_expected_end(runs):
    assert {
        "T-1": ("ann", "ok"),
        "T-2": ("ben", "ok"),
        "T-3": ("dev", "error"),
        "T-4": ("cleo", "ok"),
        "T-5": ("gus", "ok"),
        "T-6": ("hana", "ok"),
        "T-7": ("eve", "error"),
        "T-8": ("finn", "error"),
        "T-9": ("ida", "ok"),
        "T-10": ("jon", "error"),
    } == {session: (run["user"], run["outcome"]) for session, run in runs.items()}


def test_a_sync_ticket_is_one_tree_through_tools_agents_and_models(shop, runs):
    run = load(shop, runs["T-1"])

    assert [
        ("agent", "triage"),
        ("llm", "triage"),
        ("tool", "triage"),
        ("agent", "orders"),
        ("llm", "orders"),
        ("tool", "orders"),
        ("llm", "orders"),
        ("tool", "orders"),
        ("llm", "orders"),
        ("llm", "triage"),
    ] == [(call["kind"], call["agent"]) for call in run["calls"]]
    assert 1 == sum(call["parent_id"] is None for call in run["calls"])


def test_concurrent_async_tickets_do_not_mix(shop, runs):
    for session in ("T-4", "T-6", "T-7", "T-8"):
        run = load(shop, runs[session])
        spans = {call["span_id"] for call in run["calls"]}

        assert all(call["parent_id"] in spans for call in run["calls"] if call["parent_id"] is not None)
        assert 1 == sum(call["parent_id"] is None for call in run["calls"])


def test_streamed_calls_have_tokens_costs_and_times_of_their_first_chunk(shop, runs):
    calls = [call for call in load(shop, runs["T-2"])["calls"] if call["kind"] == "llm"]

    assert 6 == len(calls)
    assert all(call["tokens"]["output"] > 0 and call["cost_usd"] > 0 for call in calls)
    assert all(call["inference"]["time_to_first_chunk_s"] > 0 for call in calls)
    assert any(call["tokens"]["cache_read"] > 0 for call in calls)
    assert {64} == {call["tokens"]["reasoning"] for call in calls if call["agent"] == "refunds"}


def test_errors_are_kept_where_they_arose(shop, runs):
    def causes(session):
        return {
            call["error"]["type"].rpartition(".")[2] for call in load(shop, runs[session])["calls"] if call["error"]
        }

    assert {"TurnLimitReached"} == causes("T-3")
    assert {"OrderNotFound"} == causes("T-6")
    assert {"RefundFailed"} == causes("T-7")
    assert {"TimeoutError"} == causes("T-8")
    assert {"InternalServerError"} == causes("T-9")
    assert {"RateLimitError"} == causes("T-10")


def test_a_model_without_a_published_price_makes_the_run_a_lower_bound(runs):
    assert 1 == runs["T-9"]["unpriced_calls"]
    assert runs["T-9"]["cost_usd"] > 0
    assert 0 == runs["T-1"]["unpriced_calls"]


def test_what_was_said_is_kept(shop, runs):
    run = load(shop, runs["T-1"])

    assert "Where is my order 1042?" in json.dumps(run["calls"][0]["input"]["value"])
    assert "out for delivery" in json.dumps(run["calls"][0]["output"]["value"])
    assert ["resolved"] == [score["name"] for score in run["scores"]]


def test_runs_are_found_by_outcome_agent_session_and_words(shop):
    def found(*arguments):
        return {run["user"] for run in json.loads(foretell(shop[0], "runs", "--json", *arguments).stdout)["runs"]}

    assert {"dev", "eve", "finn", "jon"} == found("--outcome", "failed")
    assert {"eve"} == found("--session", "T-7")
    assert {"ann", "dev"} <= found("--agent", "triage")
    assert set() == found("--since", "2999-01-01")
    assert "finn" in found("--search", "warehouse")


def test_tail_tells_calls_in_the_order_of_their_ends(shop):
    lines = foretell(shop[0], "tail", "--no-follow", "-n", "30", "--json").stdout.splitlines()
    calls = [json.loads(line) for line in lines]

    assert 30 == len(calls)
    assert {"foretell.call/1"} == {call["schema"] for call in calls}
    assert 4 == len(foretell(shop[0], "tail", "--no-follow", "-n", "4").stdout.splitlines())
    failed = foretell(shop[0], "tail", "--no-follow", "--failed", "--json", "-n", "3").stdout.splitlines()
    assert {"error"} == {json.loads(line)["outcome"] for line in failed}


def test_an_exported_file_can_be_imported_elsewhere_and_again(shop, runs, tmp_path):
    file = tmp_path / "runs.jsonl"
    exported = json.loads(foretell(shop[0], "export", str(file), "--content", "--json").stdout)
    first = json.loads(foretell(tmp_path, "import", str(file), "--json").stdout)
    again = json.loads(foretell(tmp_path, "import", str(file), "--json").stdout)

    assert ("foretell.export/1", 10) == (exported["schema"], exported["runs"])
    assert (10, exported["calls"], 0) == (first["runs"], first["calls"], first["known_calls"])
    assert (0, 0, exported["calls"]) == (again["runs"], again["calls"], again["known_calls"])
    before, after = load(shop, runs["T-2"]), json.loads(foretell(tmp_path, "show", runs["T-2"]["id"], "--json").stdout)
    assert [
        (call["id"], call["kind"], call["agent"], call["tokens"], call["cost_usd"]) for call in before["calls"]
    ] == [(call["id"], call["kind"], call["agent"], call["tokens"], call["cost_usd"]) for call in after["calls"]]


def test_the_doctor_finds_no_trouble(shop):
    done = foretell(shop[0], "doctor", "--json")
    shape = json.loads(done.stdout)

    assert (0, False) == (done.returncode, shape["has_trouble"])
    assert 10 == shape["store"]["runs"]


def test_the_demo_as_json_is_one_document(tmp_path):
    with ModelServer(decide_for_desk, latency_s=0, chunk_s=0) as server:
        done = foretell(tmp_path, "demo", "--json", "--base-url", server.base_url, "--model", "gpt-4o-mini")
    shape = json.loads(done.stdout)

    assert ("foretell.demo/1", 10, 10) == (shape["schema"], len(shape["tickets"]), len(shape["runs"]))
    assert {"gpt-4o-mini"} == {entry["model"] for entry in shape["costs"]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "ffff"),
        ("runs", "--outcome", "odd"),
        ("run", "missing.py"),
        ("import", "missing.jsonl"),
        ("demo", "--model", "x"),
        ("nonsense",),
    ],
)
def test_what_makes_no_sense_ends_with_two_and_a_sentence(shop, arguments):
    done = foretell(shop[0], *arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 4


def ask(server, body, headers=None):
    request = urllib.request.Request(
        f"{server.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return response.read().decode()


QUESTION = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def test_the_model_server_answers_the_same_question_the_same_way():
    with ModelServer(decide_for_desk, latency_s=0, chunk_s=0) as server:
        first, second = ask(server, QUESTION), ask(server, QUESTION)

    assert json.loads(first) == json.loads(second)


def test_the_model_server_sends_usage_at_the_end_of_a_stream_only_when_asked_to():
    with ModelServer(decide_for_desk, latency_s=0, chunk_s=0) as server:
        plain = ask(server, {**QUESTION, "stream": True})
        counted = ask(server, {**QUESTION, "stream": True, "stream_options": {"include_usage": True}})

    assert '"usage"' not in plain
    assert '"usage"' in counted.splitlines()[-4]
    assert plain.rstrip().endswith("data: [DONE]")


def test_the_model_server_fails_on_demand():
    with ModelServer(decide_for_desk, latency_s=0, chunk_s=0) as server:
        server.fail_next(503)
        for status, headers in ((503, {}), (429, {"X-Demo-Status": "429"})):
            with pytest.raises(urllib.error.HTTPError) as failed:
                ask(server, QUESTION, headers)
            assert status == failed.value.code
            failed.value.close()
        with pytest.raises(urllib.error.HTTPError) as failed:
            ask(server, {"messages": 3})
        assert 400 == failed.value.code
        failed.value.close()
        assert "Hello" in ask(server, {"model": "m", "messages": [{"role": "user", "content": "Hello"}]})
