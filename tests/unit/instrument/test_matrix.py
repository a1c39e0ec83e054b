"""Every kind of callable, every way to hold it, every ending, every setting: one parent each, the right ending."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import foretell
from foretell.model.kinds import Kind, Outcome

FORMS = ("function", "coroutine", "generator", "async_generator")
HOLDERS = ("plain", "method", "classmethod", "staticmethod", "trace_all")
ENDINGS = ("return", "raise", "early_close", "never_consumed", "cancelled")
SETTINGS = ("sequential", "threads", "gather", "nested")


class Boom(Exception):
    """What the user's code raises."""


BOOM = Boom("user's own")
VALUE = object()


def body(form: str, ending: str) -> Callable[..., Any]:
    """A fresh undecorated callable of one form that ends in one way and calls a tool inside."""

    def function(*args: Any) -> Any:
        inner()
        if ending == "raise":
            raise BOOM
        return VALUE

    async def coroutine(*args: Any) -> Any:
        inner()
        if ending == "cancelled":
            await asyncio.sleep(60)
        if ending == "raise":
            raise BOOM
        return VALUE

    def generator(*args: Any) -> Any:
        inner()
        yield VALUE
        if ending == "raise":
            raise BOOM
        yield VALUE

    async def async_generator(*args: Any) -> Any:
        inner()
        yield VALUE
        if ending == "cancelled":
            await asyncio.sleep(60)
        if ending == "raise":
            raise BOOM
        yield VALUE

    return {f.__name__: f for f in (function, coroutine, generator, async_generator)}[form]


@foretell.instrument_tool(name="inner")
def inner() -> str:
    return "inner"


def hold(holder: str, func: Callable[..., Any]) -> Callable[..., Any]:
    """The callable as users hold it, decorated as an agent named `target`."""
    decorate = foretell.instrument_agent(name="target")
    if holder == "plain":
        return decorate(func)
    if holder == "method":
        return type("Holder", (), {"run_it": decorate(func)})().run_it
    if holder == "classmethod":
        return type("Holder", (), {"run_it": decorate(classmethod(func))}).run_it
    if holder == "staticmethod":
        return type("Holder", (), {"run_it": decorate(staticmethod(func))}).run_it
    return foretell.instrument_agent(name="target", trace_all=True)(type("Holder", (), {"run": func}))().run


def use(form: str, ending: str, call: Callable[..., Any]) -> Any:
    """Call and consume to the ending; returns what the user sees."""
    if form == "function":
        return call()
    if form == "generator":
        stream = call()
        if ending == "never_consumed":
            del stream
            gc.collect()
            return None
        if ending == "early_close":
            first = next(stream)
            stream.close()
            return first
        return list(stream)
    return asyncio.run(use_async(form, ending, call))


async def use_async(form: str, ending: str, call: Callable[..., Any]) -> Any:
    if form in ("function", "generator"):
        return use(form, ending, call)
    if form == "coroutine":
        if ending == "never_consumed":
            call().close()
            return None
        task = asyncio.ensure_future(call())
    else:
        stream = call()
        if ending == "never_consumed":
            await stream.aclose()
            return None
        if ending == "early_close":
            first = await stream.__anext__()
            await stream.aclose()
            return first
        task = asyncio.ensure_future(_gather(stream))
    if ending == "cancelled":
        await asyncio.sleep(0.01)
        task.cancel()
    return await task


async def _gather(stream: Any) -> list[Any]:
    return [item async for item in stream]


def is_possible(form: str, ending: str, setting: str) -> bool:
    """Plain functions cannot be closed early, left unconsumed or cancelled; coroutines cannot be closed early."""
    if form == "function" and ending in ("early_close", "never_consumed", "cancelled"):
        return False
    if ending == "cancelled" and form == "generator":
        return False
    return not (form == "coroutine" and ending == "early_close")


CASES = [
    (form, holder, ending, setting)
    for form in FORMS
    for holder in HOLDERS
    for ending in ENDINGS
    for setting in SETTINGS
    if is_possible(form, ending, setting)
]


@pytest.mark.parametrize(("form", "holder", "ending", "setting"), CASES)
def test_every_combination_records_one_right_tree(
    record: Any, form: str, holder: str, ending: str, setting: str
) -> None:
    """Whatever is decorated and however it ends: one parent each, the convention's ending, the user's own outcome."""
    target = hold(holder, body(form, ending))
    seen = collect(lambda: use(form, ending, target), form, ending, target, setting)

    for result in seen:
        check_what_the_user_sees(form, ending, result)
    calls = record.ended()
    targets = [call for call in calls if call.name == "target"]
    if ending == "never_consumed":
        assert [] == targets
        return
    assert len(seen) == len(targets)
    for target_call in targets:
        children = [call for call in calls if call.parent_id == target_call.span_id]
        assert ["inner"] == [child.name for child in children]
        assert expected_outcome(ending) == target_call.outcome
        assert (ending == "raise") == (target_call.error is not None and "Boom" in target_call.error.type)
        assert (ending == "cancelled") == (target_call.outcome is Outcome.CANCELLED and target_call.error is not None)
        assert target_call.start_ns <= children[0].start_ns
        assert target_call.end_ns >= children[0].end_ns
    check_parents(setting, calls, targets)


def expected_outcome(ending: str) -> Outcome:
    return {"raise": Outcome.ERROR, "cancelled": Outcome.CANCELLED}.get(ending, Outcome.OK)


def collect(one: Callable[[], Any], form: str, ending: str, target: Callable[..., Any], setting: str) -> list[Any]:
    """What the user sees of one call, two threads, a gather of two, or one nested in another agent."""
    if setting == "sequential":
        return [_outcome(one)]
    if setting == "threads":
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda _: contextvars.Context().run(_outcome, one), range(2)))
    if setting == "nested":
        with foretell.workflow("outer"):
            return [_outcome(one)]
    return asyncio.run(_two(form, ending, target))


async def _two(form: str, ending: str, target: Callable[..., Any]) -> list[Any]:
    with foretell.workflow("outer"):
        tasks = (asyncio.ensure_future(use_async(form, ending, target)) for _ in range(2))
        return list(await asyncio.gather(*tasks, return_exceptions=True))


def _outcome(one: Callable[[], Any]) -> Any:
    try:
        return one()
    except BaseException as error:
        return error


def check_what_the_user_sees(form: str, ending: str, result: Any) -> None:
    if ending == "raise":
        assert result is BOOM
    elif ending == "cancelled":
        assert isinstance(result, asyncio.CancelledError)
    elif ending == "never_consumed":
        assert result is None
    elif ending == "early_close" or "generator" not in form:
        assert result is VALUE
    else:
        assert [VALUE, VALUE] == result


def check_parents(setting: str, calls: list[Any], targets: list[Any]) -> None:
    outer = [call for call in calls if call.kind is Kind.WORKFLOW]
    expected = {outer[0].span_id} if setting in ("gather", "nested") else {None}
    assert expected == {call.parent_id for call in targets}
