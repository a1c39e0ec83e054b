"""Real frameworks, in programs that know nothing of us: what `foretell run` records is what the model server was asked."""

from __future__ import annotations

import pytest
from genai_prices import Usage, calc_price

from foretell.model.kinds import Kind, Outcome
from tests.contracts.frameworks.contract import Contract, Sort
from tests.contracts.frameworks.environments import list_versions
from tests.contracts.frameworks.playing import said_of
from tests.contracts.frameworks.results import note
from tests.contracts.frameworks.table import CONTRACTS
from tests.contracts.frameworks.weather import CANARY, CITIES
from tests.support.haystacks import find_all

PROVIDERS = {"openai_chat": "openai", "openai_responses": "openai", "anthropic": "anthropic", "gemini": "google",
             "bedrock": "aws", "cohere": "cohere", "groq": "groq"}  # fmt: skip
TELLS_CACHED = {"openai_chat", "openai_responses", "anthropic", "gemini", "bedrock", "cohere", "groq"}

pytestmark = pytest.mark.frameworks
every = pytest.mark.parametrize(
    "contract",
    [pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(one.family.name)) for one in CONTRACTS],
)


@every
def test_the_program_does_what_it_does_without_us(contract: Contract, played):
    done = played(contract)

    assert 0 == done.returncode, done.stderr
    for case in contract.cases:
        said = said_of(done, case)
        if case != "error":
            assert f"{case} answered: " in said, done.stderr
            assert CITIES[case] in said, done.stderr
        else:
            assert "sunny" not in said
    assert "fault of ours" not in done.stderr
    assert "is not recorded" not in done.stderr


@every
def test_names_kinds_and_parents_are_those_of_the_agent(contract: Contract, played):
    done = played(contract)

    assert "\n".join(contract.tree_of(case) for case in contract.cases) == done.tree()


@every
def test_every_request_is_one_model_call(contract: Contract, played):
    """Count, order, model and tokens are the server's; what it did not tell is unknown, not zero."""
    done = played(contract)
    asked, told = [asked_of(each) for each in done.asked], [told_by(each) for each in done.model_calls]
    if contract.is_summed:
        asked, told = sum_up(asked), sum_up(told)
    if not contract.tells_streams:
        asked = [(model, is_ok, False, tokens) for model, is_ok, _, tokens in asked]

    assert asked == told


def asked_of(request):
    is_ok = request["status"] < 400
    told = (request["input_tokens"], request["output_tokens"]) if is_ok else None
    return request["model"], is_ok, request["is_stream"], told if told != (None, None) else None


def sum_up(calls):
    """Models and inputs of those that went well, in order, and all their outputs."""
    good = [(model, told) for model, is_ok, _, told in calls if is_ok]
    return [(model, told[0]) for model, told in good], sum(told[1] for _, told in good)


def told_by(call):
    usage = call.usage
    told = (usage.input_tokens, usage.output_tokens) if usage else None
    return call.facts.request_model, call.outcome is Outcome.OK, call.facts.is_stream, told


@every
def test_each_call_costs_what_its_provider_asks(contract: Contract, played):
    done = played(contract)
    if contract.is_summed:
        prices = [price_of(request) for request in done.asked if request["status"] < 400]
        assert sum(prices) == pytest.approx(sum(call.cost.amount_usd for call in done.model_calls if call.cost))
        return
    for request, call in zip(done.asked, done.model_calls, strict=True):
        if request["input_tokens"] is None or not contract.is_priced:
            assert call.cost is None
            continue
        assert price_of(request) == pytest.approx(call.cost.amount_usd, rel=1e-6)
        assert call.cost.source in ("genai-prices", "reported")  # Pydantic AI reports the list's price itself


def price_of(request):
    """By the price list's own arithmetic."""
    cached = request["cached_tokens"] if request["wire"] in TELLS_CACHED else 0
    usage = Usage(
        input_tokens=request["input_tokens"], cache_read_tokens=cached, output_tokens=request["output_tokens"]
    )
    provider = "mistral" if request["model"].startswith("mistral") else PROVIDERS[request["wire"]]
    return float(calc_price(usage, model_ref=request["model"], provider_id=provider).total_price)


@every
def test_contents_stay_here_unless_asked_for(contract: Contract, played):
    """By default the store holds what was asked and answered, and nothing of it is sent."""
    done = played(contract)

    assert CANARY in find_all([CANARY], done.stored)
    assert {} == find_all([CANARY], done.sent)


@every
def test_without_contents_there_are_none_anywhere(contract: Contract, played):
    done = played(contract, "without-contents", FORETELL_CONTENT="none")

    assert len(contract.cases) <= len(done.runs), done.stderr
    assert {} == find_all([CANARY], {**done.stored, **done.sent})


@every
def test_switched_off_it_is_missed(contract: Contract, played):
    """With the integration off the record is not what it was: the tests above would fail."""
    done = played(contract, "off", FORETELL_INTEGRATIONS_OFF=",".join(contract.off))
    lines = [line.strip() for line in done.tree().splitlines()]

    assert CITIES[contract.cases[0]] in said_of(done, contract.cases[0])
    assert [] == [line for line in lines if not contract.lost or line.startswith(contract.lost)]


@every
def test_the_result_is_written_down(contract: Contract, played):
    """For the report and the documentation."""
    done = played(contract)
    tellers = {
        call.kind.value: sorted({each.scope or "foretell" for each in done.calls if each.kind is call.kind})
        for call in done.calls
    }
    note(contract, "proven", versions=list_versions(contract.family), tellers=tellers)

    expected = {Kind.TOOL} if contract.sort is Sort.PROTOCOL else {Kind.LLM}
    assert expected <= {call.kind for call in done.calls}
