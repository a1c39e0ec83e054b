"""Classes, subclasses and built objects as agents."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

import foretell
from foretell.model.kinds import Kind


@foretell.instrument_agent(trace_all=True)
class Planner:
    """A planner."""

    def __init__(self, goal: str = "g") -> None:
        self.goal = goal

    def run(self, task: str) -> str:
        """Run it."""
        return self.think(task) + self._secret()

    def think(self, task: str) -> str:
        return task.upper()

    def _secret(self) -> str:
        return "!"

    @staticmethod
    def helper(n: int) -> int:
        return n + 1

    @classmethod
    def build(cls) -> Planner:
        return cls("built")

    @property
    def size(self) -> int:
        return len(self.goal)


class Junior(Planner):
    """A subclass that overrides an entry and calls the one above."""

    def run(self, task: str) -> str:
        return "junior " + super().run(task)


class Plain:
    """Nobody decorated this one."""

    def run(self, task: str) -> str:
        return task

    def invoke(self, task: str) -> str:
        return self.run(task)

    def other(self) -> int:
        return 1


def test_entries_are_agents_and_other_public_methods_steps(record: Any) -> None:
    """`trace_all` makes steps of public methods; private ones and properties stay out."""
    planner = Planner.build()
    assert "X!" == planner.run("x")
    assert (2, 5) == (Planner.helper(1), planner.size)

    found = [(call.kind, call.name) for call in record.ended()]
    assert [(Kind.STEP, "build"), (Kind.AGENT, "Planner"), (Kind.STEP, "think"), (Kind.STEP, "helper")] == found


def test_a_subclass_goes_by_its_own_name_and_counts_once(record: Any) -> None:
    """An override that calls `super().run()` is one agent, not two."""
    assert "junior X!" == Junior().run("x")

    assert ["Junior"] == [call.name for call in record.ended() if call.kind is Kind.AGENT]


def test_one_entry_calling_another_is_one_operation(record: Any) -> None:
    """`invoke` that calls `run` of the same object is one run."""
    agent = foretell.instrument_agent(Plain())
    assert "t" == agent.invoke("t")

    assert "Plain" == record.only().name


def test_an_instance_stays_itself(record: Any) -> None:
    """The same object comes back; other objects of its class are not touched."""
    plain, untouched = Plain(), Plain()

    wrapped = foretell.instrument_agent(name="mine")(plain)
    untouched.run("quiet")
    wrapped.run("loud")

    assert wrapped is plain
    assert isinstance(wrapped, Plain)
    assert "mine" == record.only().name


def test_a_callable_instance_is_an_agent(record: Any) -> None:
    """An object with `__call__` is recorded when it is called."""

    class Caller:
        def __call__(self, x: int) -> int:
            return x * 2

    caller = foretell.instrument_agent(Caller())

    assert 4 == caller(2)
    assert "Caller" == record.only().name


def test_instances_survive_pickling_and_copying(record: Any) -> None:
    """What comes out of a pickle is an object of the class that was put in."""
    wrapped = foretell.instrument_agent(Plain())
    wrapped.note = "kept"

    for again in (pickle.loads(pickle.dumps(wrapped)), copy.copy(wrapped), copy.deepcopy(wrapped)):
        assert (Plain, "kept") == (type(again), again.note)


def test_functions_survive_pickling() -> None:
    """A decorated function pickles by its name, like any other."""
    assert decorated_here is pickle.loads(pickle.dumps(decorated_here))


@foretell.instrument_tool
def decorated_here(a: int, *, b: str = "x") -> str:
    """What it does."""
    return f"{a}{b}"


def test_signature_name_and_docstring_survive() -> None:
    """Tools that look at functions see the one that was written."""
    assert "(a: 'int', *, b: 'str' = 'x') -> 'str'" == str(inspect.signature(decorated_here))
    assert ("decorated_here", "What it does.") == (decorated_here.__name__, decorated_here.__doc__)
    assert "Run it." == Planner.run.__doc__


def test_an_object_that_python_does_not_let_us_extend_is_refused_with_advice() -> None:
    """The message names the class and what to type instead."""

    class Fixed:
        __slots__ = ("__weakref__",)

        def run(self) -> None: ...

    class Meta(type):
        def __setattr__(cls, name: str, value: object) -> None:
            raise TypeError("no")

    with pytest.raises(foretell.ForetellError, match=r"object: .*\n?|Decorate the class instead"):
        foretell.instrument_agent(object())


def test_a_name_given_where_the_function_belongs_is_refused_with_advice() -> None:
    """`@instrument_tool("search")` says what to type."""
    with pytest.raises(foretell.ForetellError, match=r"@foretell\.instrument_tool\(name='search'\)"):
        foretell.instrument_tool("search")


def test_a_partial_is_recorded_under_its_functions_name(record: Any) -> None:
    """Objects of C types are wrapped as functions."""

    def base(a: int, b: int) -> int:
        return a + b

    assert 3 == foretell.instrument_tool(functools.partial(base, 1), name="adds")(2)
    assert "adds" == record.only().name


def test_an_inherited_entry_is_an_agent_of_the_decorated_class_only(record: Any) -> None:
    """The base that nobody decorated stays as it is."""

    @foretell.instrument_agent
    class Child(Plain):
        pass

    Plain().run("quiet")
    Child().run("loud")

    assert "Child" == record.only().name


def test_a_stream_method_is_an_agent_until_its_last_item(record: Any) -> None:
    """Generator entries of classes cover the whole stream."""

    @foretell.instrument_agent
    class Streamer:
        def stream(self) -> Iterator[int]:
            with foretell.tool("inside"):
                yield 1

    assert [1] == list(Streamer().stream())
    assert {"Streamer": None, "inside": "Streamer"} == record.tree()
