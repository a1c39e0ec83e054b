"""Streams that programs leave half-read did not fail, and cost what had been asked and had arrived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play
from tests.contracts.frameworks.table import CONTRACTS

STREAMS = {"mistral": 3, "cohere": 3, "groq": 3, "litellm": 3}
"""How many each program reads."""


@pytest.fixture
def play_left(tmp_path):
    def get(name, **settings):
        contract = replace(next(one for one in CONTRACTS if one.name == name), program="troubles/streams_left")
        try:
            done = play(contract, tmp_path / name, (name,), **settings)
        except NotProven as reason:
            pytest.skip(f"NOT PROVEN: {reason}")
        assert 0 == done.returncode, done.stderr
        return done

    return get


pytestmark = pytest.mark.frameworks


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in STREAMS])
def test_tokens_and_cost_of_what_was_left_are_estimated(name, play_left):
    """Closed, forgotten or asynchronous; 680 characters went out each time."""
    done = play_left(name)

    assert [("ok", True)] * STREAMS[name] == [
        (call.outcome.value, call.usage.is_estimated) for call in done.model_calls
    ], done.stderr
    for call in done.model_calls:
        assert 170 == call.usage.input_tokens
        assert 0 < call.usage.output_tokens < 10
        assert call.cost.amount_usd > 0


@pytest.mark.xdist_group("bedrock")
def test_a_stream_of_bedrock_that_was_closed_has_its_tokens_and_one_that_was_forgotten_none(play_left):
    """Its instrumentor forgets the texts, too."""
    done = play_left("bedrock")

    assert [("ok", True), ("ok", None)] == [
        (call.outcome.value, call.usage and call.usage.is_estimated) for call in done.model_calls
    ], done.stderr


@pytest.mark.xdist_group("groq")
def test_without_contents_nobody_knows_what_was_said(play_left):
    """And so the tokens are unknown, not zero."""
    done = play_left("groq", FORETELL_CONTENT="none")

    assert [("ok", None, None)] * 3 == [(call.outcome.value, call.usage, call.cost) for call in done.model_calls], (
        done.stderr
    )
