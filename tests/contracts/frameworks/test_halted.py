"""A held run's next request is refused, or waits, whichever client sends it; off again, a client is what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.agents import AGENTS
from tests.contracts.frameworks.clients import CLIENTS
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play

NAMES = ("openai", "anthropic", "google-genai", "bedrock", "mistral", "cohere", "groq", "ollama", "litellm")
PAUSED = ("openai", "anthropic", "cohere", "bedrock")
"""A method of each sort: sync, coroutine, asynchronous generator, and one whose result sends the request."""


PATCHED = ("langchain", "agno", "ag2", "crewai", "claude-agent-sdk", "smolagents", "dspy")
"""The others are told of by themselves, and nothing of theirs is exchanged."""


def choose(names):
    return [
        pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(one.family.name))
        for one in (*CLIENTS, *AGENTS)
        if one.name in names
    ]


every = pytest.mark.parametrize("halted", choose(NAMES), indirect=True, scope="module")
pytestmark = pytest.mark.frameworks


def play_held(contract, directory, program):
    case = contract.name.replace("-", "_")
    try:
        # The program switches on itself, when it has looked at what is there before.
        done = play(
            replace(contract, program=f"troubles/{program}"), directory / case, (case,), FORETELL_INTEGRATIONS="none"
        )
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")
    assert 0 == done.returncode, done.stderr
    return done


@pytest.fixture(scope="module")
def halted(request, tmp_path_factory):
    return play_held(request.param, tmp_path_factory.mktemp("halted"), "halted")


@every
def test_every_way_to_ask_is_held(halted):
    """Without us and with us all goes through; once the run is halted nothing does."""
    told = [tuple(line.split(": ")) for line in halted.stdout.splitlines() if line.endswith(("through", "halted"))]
    asked = [name for name, _ in told[: len(told) // 3]]

    assert [(name, answer) for answer in ("went through", "went through", "halted") for name in asked] == told, (
        halted.stderr
    )
    assert 2 * len(asked) == len(halted.asked)


@every
def test_every_attribute_is_the_object_that_it_was(halted):
    assert "patched: True" in halted.stdout
    assert "left: []" in halted.stdout


@pytest.mark.parametrize("contract", choose(PATCHED))
def test_an_agent_framework_is_what_it_was_too(contract, tmp_path):
    done = play_held(contract, tmp_path, "restored")

    assert "patched: True" in done.stdout
    assert "left: []" in done.stdout


@pytest.mark.parametrize("contract", choose(PAUSED))
def test_a_paused_runs_request_waits_until_somebody_resumes_it(contract, tmp_path):
    """What is asynchronous waits without holding up its event loop."""
    done = play_held(contract, tmp_path, "paused")
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]

    assert ["waits, went through"] * len(done.asked) == told, done.stderr
    assert told


@pytest.mark.xdist_group("langgraph")
def test_an_agent_that_repeats_itself_is_halted_at_its_next_request(tmp_path):
    """By a word in the environment; its program has heard of nothing, and no retry of its framework goes on."""
    contract = next(replace(one, program="troubles/langchain_loop") for one in AGENTS if one.name == "langchain")
    try:
        done = play(contract, tmp_path / "loop", ("plain",), FORETELL_ACTIONS="agent_loop=halt")
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")
    *before, last = done.model_calls

    assert ["halted"] == [run.summary.outcome.value for run in done.runs], done.stderr
    assert ("halted", len(done.asked)) == (last.outcome.value, len(before))
    assert 4 <= len(before) < 40  # it would have been a hundred
    assert 1 == done.returncode
    assert "RunHalted" in done.stderr
