"""A halted run's next request is refused before it is sent, by whichever client; off again, a client is what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.clients import CLIENTS
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play

NAMES = ("openai", "anthropic", "google-genai", "bedrock", "mistral", "cohere", "groq", "ollama", "litellm")
CONTRACTS = [contract for contract in CLIENTS if contract.name in NAMES]

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.parametrize(
        "halted",
        [pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(one.family.name)) for one in CONTRACTS],
        indirect=True,
        scope="module",
    ),
]


@pytest.fixture(scope="module")
def halted(request, tmp_path_factory):
    contract = replace(request.param, program="troubles/halted")
    case = contract.name.replace("-", "_")
    try:
        # The program switches on itself, when it has looked at what is there before.
        done = play(contract, tmp_path_factory.mktemp("halted") / case, (case,), FORETELL_INTEGRATIONS="none")
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")
    assert 0 == done.returncode, done.stderr
    return done


def test_every_way_to_ask_is_held(halted):
    """Without us and with us all goes through; once the run is halted nothing does."""
    told = [tuple(line.split(": ")) for line in halted.stdout.splitlines() if line.endswith(("through", "halted"))]
    asked = [name for name, _ in told[: len(told) // 3]]

    assert [(name, answer) for answer in ("went through", "went through", "halted") for name in asked] == told, (
        halted.stderr
    )
    assert 2 * len(asked) == len(halted.asked)


def test_every_attribute_is_the_object_that_it_was(halted):
    assert "patched: True" in halted.stdout
    assert "left: []" in halted.stdout
