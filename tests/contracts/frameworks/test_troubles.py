"""What goes wrong between a client and its provider is in the record as it was."""

from __future__ import annotations

import pytest

from tests.contracts.frameworks.contract import Contract, Family, Sort
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play

CASES = ("retried", "timed_out", "broken", "given_up", "cancelled", "side_by_side")
TROUBLED = Contract(
    "openai-troubles",
    "OpenAI in trouble",
    Sort.CLIENT,
    Family("openai", ("openai>=1.26,<4",), ("openai",)),
    "clients/openai_troubles",
    "",
    off=("openai",),
    cases=CASES,
)

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("openai")]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    try:
        return play(TROUBLED, tmp_path_factory.mktemp("troubles") / "program", CASES, failures=(500,))
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")


def test_each_logical_call_is_one_call_with_its_outcome(troubled):
    """A retry is no call of its own, a stream that was given up did not fail, and what nobody told is unknown."""
    found = [
        (call.facts.request_model, call.outcome.value, (call.error and call.error.type) or "", tokens_of(call))
        for call in troubled.model_calls
    ]

    assert [
        ("gpt-4o-mini", "ok", "", (160, 13)),
        ("gpt-4o-mini-waits-3", "error", "openai.APITimeoutError", None),
        ("gpt-4o-mini-breaks", "error", "openai.APIConnectionError", None),
        ("gpt-4o-mini", "ok", "", None),
        ("gpt-4o-mini-waits-3", "cancelled", "asyncio.exceptions.CancelledError", None),
        *[("gpt-4o-mini", "ok", "", (160, 13))] * 3,
    ] == found, troubled.stderr


def tokens_of(call):
    return call.usage and (call.usage.input_tokens, call.usage.output_tokens)


def test_the_retry_has_reached_the_server(troubled):
    """Two requests, the first of which failed: the test above counts one call for them."""
    assert [500, 200] == [request["status"] for request in troubled.asked[:2]]
