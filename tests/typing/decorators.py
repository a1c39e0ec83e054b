"""Checked by mypy, never run: what a decorator leaves of a function's types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from typing_extensions import assert_type

import foretell


@foretell.instrument_agent
def plain(question: str, times: int = 1) -> str:
    return question * times


@foretell.instrument_agent(name="planner", trace_all=True)
def with_arguments(question: str) -> str:
    return question


@foretell.instrument_tool
async def coroutine(number: int) -> list[int]:
    return [number]


@foretell.instrument_llm(provider="acme", model="acme-1")
def stream(prompt: str) -> Iterator[str]:
    yield prompt


@foretell.instrument_llm(provider="acme")
async def async_stream(prompt: str) -> AsyncIterator[str]:
    yield prompt


@foretell.instrument_agent(trace_all=True)
class Planner:
    def run(self, question: str) -> int:
        return len(question)


def check_calls() -> None:
    """Results keep their types, with and without arguments of the decorator."""
    assert_type(plain("a", times=2), str)
    assert_type(with_arguments("a"), str)
    awaitable = coroutine(1)
    # A bare assert_type would be an unused coroutine.
    _ = assert_type(awaitable, Coroutine[Any, Any, list[int]])
    assert_type(stream("a"), Iterator[str])
    assert_type(async_stream("a"), AsyncIterator[str])
    assert_type(Planner(), Planner)
    assert_type(Planner().run("a"), int)


def check_objects() -> None:
    """An instance comes back as what it is."""
    assert_type(foretell.instrument_agent(Planner()), Planner)


def check_refusals() -> None:
    """Wrong calls are still wrong."""
    plain(1)  # type: ignore[arg-type]  # the parameter is a str
    with_arguments()  # type: ignore[call-arg]  # one is missing
    foretell.init(content="everywhere")  # type: ignore[arg-type]  # not one of the three words


def check_propagate() -> None:
    """What carries an operation into a thread keeps the function's types."""

    def count(text: str) -> int:
        return len(text)

    carried: Callable[[str], int] = foretell.propagate(count)
    assert_type(carried("a"), int)
