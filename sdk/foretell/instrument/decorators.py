"""The decorators: `@instrument_agent`, `@instrument_tool` and the others, with or without arguments."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Protocol, TypeVar, overload

from foretell.errors import ForetellError
from foretell.instrument.spec import Spec
from foretell.instrument.wrapping.callables import wrap_callable
from foretell.instrument.wrapping.classes import wrap_class, wrap_instance, wrap_member
from foretell.model.kinds import Kind

T = TypeVar("T")


class Decorator(Protocol):
    """A decorator that leaves the type of what it decorates as it is."""

    def __call__(self, target: T, /) -> T:
        """Decorate a function, class, static or class method, or object."""


@overload
def instrument_agent(target: T, /) -> T: ...
@overload
def instrument_agent(
    *,
    name: str | None = None,
    trace_all: bool = False,
    cost_tracking: bool = True,
    session_replay: bool = False,
    version: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_agent(
    target: Any = None,
    *,
    name: str | None = None,
    trace_all: bool = False,
    cost_tracking: bool = True,
    session_replay: bool = False,
    version: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call of a function, coroutine, generator, class or built object as an agent.

    On a class, its entry methods (`run`, `invoke`, `stream`, `chat`, `__call__` …) become agent operations, in
    subclasses too; `trace_all=True` makes every other public method a step. On an object, that same object comes
    back. `cost_tracking=False` leaves its model calls unpriced; `session_replay=True` keeps inputs and outputs of
    everything below it even where capture is switched off (but never with `content="none"`).
    """
    spec = Spec(
        Kind.AGENT,
        name or "",
        version=version,
        is_priced=cost_tracking,
        is_replayed=session_replay,
        capture_inputs=capture_inputs,
        capture_outputs=capture_outputs,
    )
    return _apply(target, spec, is_all=trace_all)


@overload
def instrument_tool(target: T, /) -> T: ...
@overload
def instrument_tool(
    *,
    name: str | None = None,
    description: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_tool(
    target: Any = None,
    *,
    name: str | None = None,
    description: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a tool: arguments, result, duration, error."""
    return _apply(target, _simple(Kind.TOOL, name, capture_inputs, capture_outputs, description=description))


@overload
def instrument_llm(target: T, /) -> T: ...
@overload
def instrument_llm(
    *,
    provider: str | None = None,
    model: str | None = None,
    operation: str = "chat",
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_llm(
    target: Any = None,
    *,
    provider: str | None = None,
    model: str | None = None,
    operation: str = "chat",
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a model call. Usage and model are read from well-known results; a price is looked up.

    `operation` is `chat`, `generate_content`, `text_completion` or `embeddings`. A `model=` argument of the call
    itself wins over the decorator's.
    """
    kind = Kind.EMBEDDINGS if operation == "embeddings" else Kind.LLM
    more = {"provider": provider, "model": model, "operation": operation}
    return _apply(target, _simple(kind, name, capture_inputs, capture_outputs, **more))


@overload
def instrument_workflow(target: T, /) -> T: ...
@overload
def instrument_workflow(
    *,
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_workflow(
    target: Any = None,
    *,
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a workflow: a coordinated process of several agents or calls."""
    return _apply(target, _simple(Kind.WORKFLOW, name, capture_inputs, capture_outputs))


@overload
def instrument_retriever(target: T, /) -> T: ...
@overload
def instrument_retriever(
    *,
    name: str | None = None,
    provider: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_retriever(
    target: Any = None,
    *,
    name: str | None = None,
    provider: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a retrieval: query, documents, duration."""
    return _apply(target, _simple(Kind.RETRIEVER, name, capture_inputs, capture_outputs, provider=provider))


@overload
def instrument_memory(target: T, /) -> T: ...
@overload
def instrument_memory(
    *,
    operation: str = "search_memory",
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_memory(
    target: Any = None,
    *,
    operation: str = "search_memory",
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a memory operation: `search_memory`, `create_memory`, `update_memory`, `delete_memory`."""
    return _apply(target, _simple(Kind.MEMORY, name, capture_inputs, capture_outputs, operation=operation))


@overload
def instrument_step(target: T, /) -> T: ...
@overload
def instrument_step(
    *,
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Decorator: ...
def instrument_step(
    target: Any = None,
    *,
    name: str | None = None,
    capture_inputs: bool | None = None,
    capture_outputs: bool | None = None,
) -> Any:
    """Record each call as a step: it groups what happens inside, and is never counted as an agent or a tool."""
    return _apply(target, _simple(Kind.STEP, name, capture_inputs, capture_outputs))


def _simple(kind: Kind, name: str | None, inputs: bool | None, outputs: bool | None, **more: Any) -> Spec:
    return Spec(kind, name or "", capture_inputs=inputs, capture_outputs=outputs, **more)


def _apply(target: Any, spec: Spec, *, is_all: bool = False) -> Any:
    """Decorate now, or return the decorator where only arguments were given."""
    if target is None:
        return functools.partial(_decorate, spec=spec, is_all=is_all)
    return _decorate(target, spec=spec, is_all=is_all)


def _decorate(target: Any, *, spec: Spec, is_all: bool) -> Any:
    if isinstance(target, type):
        return wrap_class(target, spec, is_all=is_all)
    if isinstance(target, (classmethod, staticmethod)):
        return wrap_member("", target, spec)
    if inspect.isroutine(target) or isinstance(target, functools.partial):
        return wrap_callable(target, spec.for_callable(target, skip_first=_is_method(target)))
    if isinstance(target, (str, bytes, int, float, list, dict, tuple, set)):
        raise ForetellError(
            f"instrument_{spec.kind.value}() was given {target!r}, which cannot be called.\n"
            f"Use it as @foretell.instrument_{spec.kind.value}, or name it: "
            f"@foretell.instrument_{spec.kind.value}(name={target!r})"
        )
    return wrap_instance(target, spec, is_all=is_all)


def _is_method(target: Any) -> bool:
    """True for a function in a class body, by the only sign there is while the class is being made."""
    code = getattr(target, "__code__", None)
    first = code.co_varnames[:1] if code is not None and code.co_argcount else ()
    return (
        first in (("self",), ("cls",)) and "." in getattr(target, "__qualname__", "") and not inspect.ismethod(target)
    )
