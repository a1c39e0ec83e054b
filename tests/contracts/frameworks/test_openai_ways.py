"""Whichever way a program asks OpenAI's client, each request is one call, with its tokens where they could be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play
from tests.contracts.frameworks.table import CONTRACTS

WHOLE, UNKNOWN = (160, 13, False), None
"""What the server has counted; a body that the program reads past the client, and a stream that was closed at once."""
ESTIMATED = (153, 1, True)
WAYS = {
    "parsed": (False, WHOLE),
    "helped": (True, WHOLE),
    "helped_later": (True, WHOLE),
    "helped_and_left": (True, ESTIMATED),
    "raw": (False, WHOLE),
    "raw_stream": (True, WHOLE),
    "streaming": (False, WHOLE),
    "streaming_later": (False, WHOLE),
    "streaming_bytes": (False, UNKNOWN),
    "responses_parsed": (False, WHOLE),
    "responses_helped": (True, WHOLE),
    "responses_left": (True, ESTIMATED),
    "used_again": (True, UNKNOWN),
}
ASKS_NOTHING = "never_awaited"
VERSIONS = ("openai", "openai-agents-lowest")
"""Contracts whose environments have the newest client, and the last one of the first major version."""

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.parametrize(
        "played", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in VERSIONS], indirect=True
    ),
]


@pytest.fixture(scope="module")
def played(request, tmp_path_factory):
    contract = next(one for one in CONTRACTS if one.name == request.param)
    contract = replace(contract, program="troubles/openai_ways")
    try:
        done = play(contract, tmp_path_factory.mktemp("ways") / request.param, (*WAYS, ASKS_NOTHING))
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")
    assert 0 == done.returncode, done.stderr
    return done


def test_the_program_gets_its_answers(played):
    answered = [line for line in played.stdout.splitlines() if " answered: " in line]

    assert [*WAYS, ASKS_NOTHING] == [line.partition(" ")[0] for line in answered], played.stderr
    assert 10 == sum("Zyxoparis is sunny" in line for line in answered)
    assert "fault of ours" not in played.stderr
    assert "Traceback" not in played.stderr


def test_each_way_is_one_call_that_ended_well(played):
    """With the tokens of what was answered or, where the program left, of what had arrived."""
    assert len(WAYS) == len(played.asked)
    assert list(WAYS.values()) == [
        (
            call.facts.is_stream,
            call.usage and (call.usage.input_tokens, call.usage.output_tokens, call.usage.is_estimated),
        )
        for call in played.model_calls
    ]
    assert {"ok"} == {call.outcome.value for call in played.model_calls}
