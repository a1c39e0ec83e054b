"""Beside another product in the same process: no call is told twice, none is lost, and its back-end gets what it got."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.frameworks.beside import PRODUCTS, SEVERAL, Product, play_beside
from tests.contracts.frameworks.environments import NotProven
from tests.contracts.frameworks.test_frameworks import asked_of, told_by
from tests.contracts.frameworks.weather import CANARY, CITIES
from tests.support.haystacks import find_all

AGENT = "agent weather_agent\n  llm gpt-4o-mini\n  tool get_weather\n  llm gpt-4o-mini"
ASKING = AGENT.replace("get_weather\n", "get_weather\n    span GET\n")
NO_AGENT = ASKING.replace("agent weather_agent", "span weather_agent").replace("tool get", "span get")
CALLS = "llm gpt-4o-mini\nllm gpt-4o-mini"
LINE = "\n  span streaming response from {request_data[model]!r} took {duration:.2f}s"
TREES = {
    "traceloop": (ASKING, ASKING, ASKING),
    "openinference": (AGENT, AGENT, AGENT),
    "openinference-alone": (CALLS, CALLS, CALLS),
    "langfuse": (AGENT, AGENT, AGENT),
    "logfire": (NO_AGENT, NO_AGENT + LINE, NO_AGENT),
    "opentelemetry": (AGENT, AGENT, AGENT),
}
"""What each product's program is in our record, case by case. Two tell of what tools ask over HTTP, too. A span of
Logfire's says of nothing what it is, and one more is a line of its log. What stands in a provider that is not the
process's is unknown to everybody else."""
ORDERS = {
    "as-documented": {},
    "openai-first": {"OPENAI_FIRST": "1", "FORETELL_CONTENT": "none"},
    "foretell-last": {"INIT_LAST": "1"},
}
"""In one of them our record is to have no contents, which is all that differs in it."""
BY_US = ("as-documented", "openai-first")
"""Orders in which `foretell run` starts the program."""

pytestmark = pytest.mark.frameworks
every = pytest.mark.parametrize(
    "product", [pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(one.family.name)) for one in PRODUCTS]
)
in_every_order = pytest.mark.parametrize("order", ORDERS)
_played = {}


@pytest.fixture
def beside(tmp_path_factory):
    """Plays a product's program once: without us where the order is None."""

    def get(product: Product, order: str | None = "as-documented"):
        key = (product.name, product.program, order)
        if key not in _played:
            directory = tmp_path_factory.mktemp(f"{product.name}-{order}") / "program"
            try:
                _played[key] = play_beside(
                    product, directory, is_run_by_us=order in BY_US, **ORDERS.get(order or "", {})
                )
            except NotProven as reason:
                _played[key] = reason
        found = _played[key]
        if isinstance(found, NotProven):
            pytest.skip(f"NOT PROVEN: {found}")
        assert 0 == found.returncode, found.stderr
        assert "fault of ours" not in found.stderr
        return found

    return get


@every
@in_every_order
def test_every_request_is_one_model_call_of_ours(product: Product, order: str, beside):
    """Count, order, model, tokens and streaming are the server's."""
    done = beside(product, order)

    assert [asked_of(each) for each in done.asked] == [told_by(each) for each in done.model_calls], done.stderr


@every
@in_every_order
def test_names_kinds_and_parents_are_those_of_the_program(product: Product, order: str, beside):
    """A run for each case, and its calls below its agent, as the other product tells them."""
    done = beside(product, order)
    runs = done.run_trees()

    assert TREES[product.name] == tuple(tree.replace(" !", "") for tree in runs)
    assert [False, False, True] == [tree.endswith("llm gpt-4o-mini !") for tree in runs]


@every
@in_every_order
def test_their_back_end_gets_what_it_gets_without_us(product: Product, order: str, beside):
    """The same spans under the same parents, with the same attributes, contents and resource."""
    alone, done = beside(product, None), beside(product, order)

    assert alone.their_tree() == done.their_tree()
    assert [span.lasting() for span in alone.got] == [span.lasting() for span in done.got]


@every
def test_their_back_end_has_contents(product: Product, beside):
    """The test above compares something."""
    got = beside(product).got

    assert all(any(city in str(span.attributes) for span in got) for city in CITIES.values() if "lima" not in city)


@every
def test_one_program_is_one_trace_on_both_sides(product: Product, beside):
    done = beside(product)

    assert [span.trace_id for span in done.got if not span.parent_id] == [
        f"{run.calls[0].trace_id:032x}" for run in done.runs
    ]


@every
def test_our_record_has_the_contents(product: Product, beside):
    done = beside(product)

    assert all(call.input_payload is not None for call in done.model_calls)
    assert CANARY in find_all([CANARY], done.stored)


@every
def test_without_contents_our_record_has_none(product: Product, beside):
    """Theirs has them all the same: that is compared above."""
    done = beside(product, "openai-first")

    assert {} == find_all([CANARY], done.stored)


@pytest.mark.xdist_group(SEVERAL.name)
def test_a_function_with_a_decorator_of_each_is_one_agent_and_one_tool_of_ours(decorated):
    """What Langfuse's decorator tells inside ours is a step."""
    (run,) = decorated().runs

    assert [
        ("agent", "weather_agent"),
        ("step", "answer"),
        ("llm", "gpt-4o-mini"),
        ("tool", "get_weather"),
        ("step", "get_weather"),
        ("llm", "gpt-4o-mini"),
    ] == [(call.kind.value, call.name) for call in sorted(run.calls, key=lambda call: call.start_ns)]


@pytest.mark.xdist_group(SEVERAL.name)
def test_decorators_of_ours_stand_between_the_spans_of_the_others_back_end(decorated):
    """They are wanted there: each of Langfuse's spans is where it was, with ours around it."""
    assert (
        "invoke_agent weather_agent [foretell]\n"
        "  answer [langfuse-sdk]\n"
        "    OpenAI-generation [langfuse-sdk]\n"
        "    execute_tool get_weather [foretell]\n"
        "      get_weather [langfuse-sdk]\n"
        "    OpenAI-generation [langfuse-sdk]"
    ) == decorated().their_tree()


@pytest.fixture
def decorated(beside):
    """Plays the program that has decorators of ours and of Langfuse's."""
    langfuse = next(product for product in PRODUCTS if product.name == "langfuse")
    return lambda: beside(replace(langfuse, program="langfuse_decorated", cases=("plain",)))
