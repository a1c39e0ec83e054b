"""Each example runs as its reader would run it, and leaves the tree that it is there to show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_python(directory, *arguments, ok=True):
    """Run Python in `directory`; nothing of ours or of OpenTelemetry is set in its environment."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=directory,
        env={**environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not ok or done.returncode == 0, done.stderr
    return done


def show(directory, *arguments):
    return json.loads(run_python(directory, "-m", "foretell.cli", "show", "--json", *arguments).stdout)


def tree(run):
    """Return each call as `kind name`, indented by its depth, in order of opening."""
    parents = {call["span_id"]: call["parent_id"] for call in run["calls"]}

    def depth(call):
        return 0 if call["parent_id"] is None else 1 + depth_of(call["parent_id"])

    def depth_of(span_id):
        return 0 if parents[span_id] is None else 1 + depth_of(parents[span_id])

    return ["  " * depth(call) + f"{call['kind']} {call['name']}" for call in run["calls"]]


@pytest.fixture
def run_example(tmp_path):
    def run(name):
        done = run_python(tmp_path, str(EXAMPLES / name))
        assert "" == done.stderr
        return show(tmp_path)

    return run


def test_every_example_is_listed_and_tested():
    listed = {
        line.split("`")[1] for line in (EXAMPLES / "README.md").read_text().splitlines() if line.startswith("| [`")
    }

    assert {path.name for path in EXAMPLES.glob("*.py")} == listed


def test_a_function_with_a_tool_is_an_agent_with_two_model_calls(run_example):
    run = run_example("tool_agent.py")

    assert [
        "agent weather_agent",
        "  llm gpt-4o-mini",
        "  tool temperature",
        "  llm gpt-4o-mini",
    ] == tree_by_model(run)
    assert (200, 36) == (run["run"]["input_tokens"], run["run"]["output_tokens"])
    assert pytest.approx((200 * 0.15 + 36 * 0.6) / 1e6) == run["run"]["cost_usd"]


def test_a_stream_is_one_call_with_its_tokens_and_its_first_chunk(run_example):
    run = run_example("streaming_agent.py")
    model_call = run["calls"][1]

    assert ["agent poet", "  llm gpt-4o-mini", "  tool count_words"] == tree_by_model(run)
    assert {"input": 32, "output": 22} == {key: model_call["tokens"][key] for key in ("input", "output")}
    assert model_call["inference"]["is_stream"]
    assert 0 < model_call["inference"]["time_to_first_chunk_s"] < model_call["duration_s"]


def test_a_class_is_an_agent_whose_other_methods_are_steps(run_example):
    run = run_example("class_agent.py")

    assert [
        "agent librarian",
        "  retriever search",
        "  step rank",
        "  step answer",
        "    llm claude-sonnet-4-5",
    ] == tree_by_model(run)
    assert 1024 == run["calls"][-1]["tokens"]["cache_read"]


def test_agents_in_a_session_keep_user_scores_and_the_error_they_coped_with(run_example):
    run = run_example("team_with_session.py")

    assert [
        "agent editor",
        "  agent researcher",
        "    tool read_source",
        "    tool read_source",
        "    llm gpt-5-mini",
        "  agent writer",
        "    llm gpt-5-mini",
    ] == tree_by_model(run)
    assert ("issue-7", "maria", "ok") == tuple(run["run"][key] for key in ("session", "user", "outcome"))
    assert {"facts_used": 1.0, "helpful": 1.0} == {score["name"]: score["value"] for score in run["scores"]}
    assert ["lost.txt is not on the shelf"] == [call["error"]["message"] for call in run["calls"] if call["error"]]


def test_blocks_and_threads_are_one_tree_and_an_unlisted_model_costs_unknown(run_example):
    run = run_example("blocks_and_threads.py")

    assert [
        "agent travel_planner",
        "  tool city_guide",
        "  tool city_guide",
        "  tool city_guide",
        "  step write",
        "    llm acme-writer-1",
    ] == tree_by_model(run)
    assert run["run"]["cost_usd"] is None
    assert 1 == run["run"]["unpriced_calls"]
    assert {"input": 45, "output": 12, "cache_read": 20} == {
        key: run["calls"][-1]["tokens"][key] for key in ("input", "output", "cache_read")
    }


def tree_by_model(run):
    """As `tree`, with model calls under the model that was asked for."""
    for call in run["calls"]:
        if call["inference"]:
            call["name"] = call["inference"]["request_model"] or call["inference"]["response_model"]
    return tree(run)
