"""What goes wrong between a client and its provider, or in an agent's tools, is in the record as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.playing import play
from tests.contracts.frameworks.table import CONTRACTS

OF_CLIENTS = (
    "retried", "timed_out", "broken", "given_up", "dropped", "given_up_later", "cancelled", "side_by_side",
)  # fmt: skip
OF_AGENTS = ("retried", "timed_out", "given_up", "given_up_later", "cancelled", "two_tools", "tool_raises")
WHOLE = (160, 13)

pytestmark = pytest.mark.frameworks


def family(name):
    return pytest.mark.xdist_group(next(one.family.name for one in CONTRACTS if one.name == name))


def play_troubles(tmp_path_factory, name, cases):
    """Play a framework's program of troubles; the first request fails with 500."""
    contract = replace(next(one for one in CONTRACTS if one.name == name), program=f"troubles/{name}_troubles")
    try:
        done = play(contract, tmp_path_factory.mktemp("troubles") / name, cases, failures=(500,))
    except NotProven as reason:
        pytest.skip(f"NOT PROVEN: {reason}")
    assert 0 == done.returncode, done.stderr
    assert "fault of ours" not in done.stderr
    return done


@pytest.fixture(scope="module")
def openai(tmp_path_factory):
    return play_troubles(tmp_path_factory, "openai", OF_CLIENTS)


@pytest.fixture(scope="module")
def anthropic(tmp_path_factory):
    return play_troubles(tmp_path_factory, "anthropic", OF_CLIENTS)


@pytest.fixture(scope="module")
def langchain(tmp_path_factory):
    return play_troubles(tmp_path_factory, "langchain", OF_AGENTS)


def tell(call):
    """Model, outcome, error and tokens of a model call, those that are estimated with a `~`."""
    usage = call.usage
    mark = () if usage is None else ("~",) if usage.is_estimated else ()
    tokens = None if usage is None else (*mark, usage.input_tokens, usage.output_tokens)
    return call.facts.request_model, call.outcome.value, (call.error and call.error.type) or "", tokens


@family("openai")
def test_each_call_of_openai_is_one_call_with_its_outcome(openai):
    """A retry is no call of its own, a stream that was given up did not fail, and its tokens are estimated."""
    asked = openai.model_calls[3].usage.input_tokens

    assert 130 < asked < 190  # 160 by the server's count
    assert [
        ("gpt-4o-mini", "ok", "", WHOLE),
        ("gpt-4o-mini-waits-3", "error", "openai.APITimeoutError", None),
        ("gpt-4o-mini-breaks", "error", "openai.APIConnectionError", ("~", asked, 3)),
        *[("gpt-4o-mini", "ok", "", ("~", asked, 1))] * 3,
        ("gpt-4o-mini-waits-3", "cancelled", "asyncio.exceptions.CancelledError", None),
        *[("gpt-4o-mini", "ok", "", WHOLE)] * 3,
    ] == [tell(call) for call in openai.model_calls], openai.stderr


@family("anthropic")
def test_each_call_of_anthropic_is_one_call_with_its_outcome(anthropic):
    """Its input is told when a stream begins; only the output is estimated."""
    model = "claude-sonnet-4-5"

    assert [
        (model, "ok", "", WHOLE),
        (f"{model}-waits-3", "error", "anthropic.APITimeoutError", None),
        *[(model, "ok", "", ("~", 160, 3))] * 2,
        (model, "ok", "", ("~", 160, 1)),
        (f"{model}-waits-3", "cancelled", "asyncio.exceptions.CancelledError", None),
        *[(model, "ok", "", WHOLE)] * 3,
    ] == [tell(call) for call in anthropic.model_calls if call.facts.request_model != f"{model}-breaks"]


@family("anthropic")
def test_what_arrived_before_a_connection_broke_is_paid_for(anthropic):
    (broken,) = [call for call in anthropic.model_calls if call.facts.request_model.endswith("-breaks")]

    assert ("error", True, 160) == (broken.outcome.value, broken.usage.is_estimated, broken.usage.input_tokens)
    assert "httpx" in broken.error.type
    assert broken.cost.amount_usd > 0


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=family(name)) for name in ("openai", "anthropic", "langchain")],
)
def test_the_retry_has_reached_the_server(name, request):
    """Two requests, the first of which failed: the tests above count one call for them."""
    troubled = request.getfixturevalue(name)

    assert [500, 200] == [asked["status"] for asked in troubled.asked[:2]]


@pytest.mark.parametrize("name", [pytest.param(name, marks=family(name)) for name in ("openai", "anthropic")])
def test_an_estimate_costs_what_its_tokens_cost(name, request):
    """And it is known that it is one."""
    calls = [call for call in request.getfixturevalue(name).model_calls if call.usage and call.usage.is_estimated]
    whole = min(call.cost.amount_usd for call in request.getfixturevalue(name).model_calls[:1])

    assert 4 == len(calls)
    assert all(0 < call.cost.amount_usd < whole for call in calls if not call.facts.request_model.endswith("breaks"))


TREE = """
agent weather_agent
  llm gpt-4o-mini
  tool get_weather
  llm gpt-4o-mini
agent weather_agent !
  llm gpt-4o-mini-waits-3 !
agent weather_agent
  llm gpt-4o-mini
  tool get_weather
  llm gpt-4o-mini
agent weather_agent
  llm gpt-4o-mini-drips-0.1
  tool get_weather
  llm gpt-4o-mini-drips-0.1 cancelled
agent weather_agent cancelled
  llm gpt-4o-mini-waits-3 cancelled
agent weather_agent
  llm gpt-4o-mini
  tool get_weather
  tool get_weather
  llm gpt-4o-mini
agent weather_agent !
  llm gpt-4o-mini
  tool get_weather
  tool get_weather !
"""


@family("langchain")
def test_an_agents_tree_is_right_in_every_trouble(langchain):
    """Whoever was cancelled, raised, or was left by its reader; two tools at once stand side by side."""
    assert TREE.strip("\n") == langchain.tree(), langchain.stderr


@family("langchain")
def test_two_tools_at_once_overlap_and_both_have_their_call(langchain):
    run = langchain.runs[5]
    one, other = [call for call in run.calls if call.kind.value == "tool"]

    assert one.start_ns < other.end_ns
    assert other.start_ns < one.end_ns
    assert 2 == len({call.facts.call_id for call in (one, other)})


@family("langchain")
def test_an_agents_model_calls_have_the_tokens_that_were_told(langchain):
    """LangChain tells nothing of a stream that was cancelled, but the client under it what had arrived."""
    told = [
        (each["input_tokens"], each["output_tokens"])
        for each in langchain.asked
        if each["model"] == "gpt-4o-mini" and each["status"] == 200
    ]
    found = [tell(call) for call in langchain.model_calls]

    assert told == [tokens for model, _, _, tokens in found if model == "gpt-4o-mini"]
    timed_out, left, cancelled = [tokens for _, outcome, _, tokens in found if outcome != "ok"]
    assert (None, None) == (timed_out, cancelled)
    assert ("~", True, True) == (left[0], 130 < left[1] < 230, 0 < left[2] < 20)
