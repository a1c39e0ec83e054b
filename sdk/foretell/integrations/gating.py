"""Gates before client calls: where a trigger has taken hold of a run, its next request waits or is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current
from opentelemetry.trace import get_current_span

from foretell.instrument import state
from foretell.instrument.contexts import live_context
from foretell.instrument.operation import Operation
from foretell.integrations.wrapping.patching import put_wrapper

if TYPE_CHECKING:
    from foretell.instrument.otel.foreign import ForeignSpans
    from foretell.instrument.runtime import Runtime
    from foretell.integrations.integration import GatePoint, Undo
    from foretell.integrations.wrapping.points import Wrapper

FindForeign = Callable[[], "ForeignSpans | None"]


class Passer:
    """A request on its way out: what a gate must know of it."""

    def __init__(self, run_id: str, agent_name: str | None, halt: Callable[[], object] | None = None) -> None:
        """A request of this run; `halt` notes in the run's record that it was halted."""
        self.run_id = run_id
        self.agent_name = agent_name
        self.end_ns: int | None = None
        self._halt = halt

    def fail(self, error: BaseException) -> None:
        """It was refused."""
        if self._halt is not None:
            self._halt()

    def add_event(self, name: str, /, **fields: Any) -> None:
        """Tell what surrounds the request that it waited."""
        get_current_span().add_event(name, fields)


class Gatekeeper:
    """Puts gates before the requests of libraries."""

    def __init__(self, foreign: FindForeign) -> None:
        """Know runs of foreign spans by `foreign`."""
        self._foreign = foreign

    def hold(self, points: Iterable[GatePoint]) -> Undo:
        """Put gates before these methods; returns what takes those away that nobody else has wrapped since."""
        undos = [undo for point in points if (undo := self._put(point)) is not None]

        def undo_all() -> None:
            for undo in reversed(undos):
                undo()

        return undo_all

    def _put(self, point: GatePoint) -> Undo | None:
        from wrapt import FunctionWrapper

        found = find_point(point)
        if found is None:
            return None
        owner, name = found
        before = inspect.getattr_static(owner, name)
        wait = self._choose(inspect.unwrap(getattr(owner, name)))
        gate = FunctionWrapper(before, wait if point.is_meant is None else _only(point.is_meant, wait))
        return put_wrapper(owner, name, before, gate)

    def _choose(self, function: Any) -> Wrapper:
        """How a request waits: what is awaited, or read asynchronously, must not hold up its event loop."""
        if inspect.iscoroutinefunction(function):
            return self._before_coroutine
        return self._before_pieces if inspect.isasyncgenfunction(function) else self._before_call

    def _before_call(self, wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        runtime = state.current
        if runtime is not None and runtime.gate is not None:
            runtime.gate(self._describe(runtime))
        return wrapped(*args, **kwargs)

    def _before_coroutine(self, wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        runtime = state.current
        if runtime is None or runtime.gate is None:
            return wrapped(*args, **kwargs)
        return self._wait(runtime, wrapped, args, kwargs)

    def _before_pieces(self, wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        runtime = state.current
        if runtime is None or runtime.gate is None:
            return wrapped(*args, **kwargs)
        return self._wait_for_pieces(runtime, wrapped, args, kwargs)

    async def _wait_for_pieces(self, runtime: Runtime, wrapped: Any, args: Any, kwargs: Any) -> Any:
        await self._pass(runtime)
        async with aclosing(wrapped(*args, **kwargs)) as pieces:
            async for piece in pieces:
                yield piece

    async def _wait(self, runtime: Runtime, wrapped: Any, args: Any, kwargs: Any) -> Any:
        await self._pass(runtime)
        return await wrapped(*args, **kwargs)

    async def _pass(self, runtime: Runtime) -> None:
        gate, passer = runtime.gate, self._describe(runtime)
        if gate is not None:
            gate(passer)
            await gate.wait(passer)

    def _describe(self, runtime: Runtime) -> Passer:
        """Which run and agent the request belongs to, by what is current here."""
        operation = live_context(get_current(), runtime.context_key).get(runtime.context_key)
        foreign = self._foreign()
        place = foreign.find(get_current_span().get_span_context().span_id) if foreign is not None else None
        if place is not None and place.run_id:
            return Passer(place.run_id, place.agent_name, place.halt)
        if isinstance(operation, Operation):
            return Passer(operation.run_id, operation.agent_name)
        return Passer("", None)


def _only(is_meant: Callable[[Any], bool], wait: Wrapper) -> Wrapper:
    def before(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wait(wrapped, instance, args, kwargs) if is_meant(instance) else wrapped(*args, **kwargs)

    return before


def remember(points: Iterable[GatePoint]) -> Undo:
    """Remember these methods; what comes back puts those back that an instrumentor leaves patched when it is off."""
    methods = [(owner, name, vars(owner).get(name)) for owner, name in filter(None, map(find_point, points))]

    def put_back() -> None:
        for owner, name, before in methods:
            if vars(owner).get(name) is before:
                continue
            if before is None:  # it was inherited
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    return put_back


def seal(points: Iterable[GatePoint]) -> Callable[[], bool]:
    """Remember these methods as they are now; the function says whether they are still the same."""
    methods = [
        (owner, name, inspect.getattr_static(owner, name)) for owner, name in filter(None, map(find_point, points))
    ]
    return lambda: all(inspect.getattr_static(owner, name) is method for owner, name, method in methods)


def find_point(point: GatePoint) -> tuple[Any, str] | None:
    """The class and the name of the method; None where this version of the library has none."""
    try:
        owner: Any = import_module(point.module)
        *classes, name = point.path.split(".")
        for step in classes:
            owner = getattr(owner, step)
        return (owner, name) if callable(getattr(owner, name)) else None
    except Exception:  # modules run code of theirs when they are loaded here
        return None
