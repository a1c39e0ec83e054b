"""The context API: `with foretell.agent("planner") as op`, for code that no decorator fits; sync and async."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from opentelemetry.context import get_current

from foretell.errors import FAULTS
from foretell.instrument import state
from foretell.instrument.contexts import leave_context
from foretell.instrument.operation import Operation
from foretell.instrument.quiet import QuietOperation
from foretell.instrument.spec import Spec
from foretell.instrument.wrapping.callables import begin, break_off, end
from foretell.model.kinds import Kind


class Block:
    """An operation around a block of code; opens on entry, ends on exit, in `with` and `async with` alike."""

    __slots__ = ("_operation", "_spec")

    def __init__(self, spec: Spec) -> None:
        """Make a block of this kind; nothing is opened before it is entered."""
        self._spec = spec
        self._operation: Operation | None = None

    def __enter__(self) -> Operation:
        """Open the operation; without `foretell.init()` it takes everything and records nothing."""
        self._operation = begin(self._spec, (), {})
        return self._operation or QuietOperation()  # type: ignore[return-value]  # it answers to the same methods

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Finish the operation, or fail it with the error, which goes on."""
        operation, self._operation = self._operation, None
        if operation is None:
            return
        try:
            leave_context(operation)
        except Exception as fault:
            FAULTS.note("leave", fault)
        if error is None:
            end(operation, None)
        else:
            break_off(operation, error)

    async def __aenter__(self) -> Operation:
        """Open the operation; where its run is paused, wait without blocking the event loop."""
        operation = self.__enter__()
        gate = self._operation.runtime.gate if self._operation is not None else None
        if gate is not None:
            try:
                await gate.wait(operation)
            except BaseException as error:
                self.__exit__(type(error), error, None)
                raise
        return operation

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the operation, or fail it with the error, which goes on."""
        self.__exit__(kind, error, trace)


def agent(name: str, *, version: str | None = None, session_replay: bool = False, cost_tracking: bool = True) -> Block:
    """Record a block as an agent."""
    return Block(Spec(Kind.AGENT, name, version=version, is_replayed=session_replay, is_priced=cost_tracking))


def workflow(name: str) -> Block:
    """Record a block as a workflow of several agents or calls."""
    return Block(Spec(Kind.WORKFLOW, name))


def llm(
    model: str | None = None, *, provider: str | None = None, operation: str = "chat", name: str | None = None
) -> Block:
    """Record a block as a model call; give its tokens with `op.record_usage(...)` or its result with `op.set_output`."""
    kind = Kind.EMBEDDINGS if operation == "embeddings" else Kind.LLM
    return Block(Spec(kind, name or model or operation, provider=provider, model=model, operation=operation))


def tool(name: str, *, description: str | None = None) -> Block:
    """Record a block as a tool call."""
    return Block(Spec(Kind.TOOL, name, description=description))


def retriever(name: str, *, provider: str | None = None) -> Block:
    """Record a block as a retrieval."""
    return Block(Spec(Kind.RETRIEVER, name, provider=provider))


def memory(name: str = "memory", *, operation: str = "search_memory") -> Block:
    """Record a block as a memory operation."""
    return Block(Spec(Kind.MEMORY, name, operation=operation))


def step(name: str) -> Block:
    """Record a block as a step that groups what happens inside."""
    return Block(Spec(Kind.STEP, name))


def plan(name: str) -> Block:
    """Record a block as the planning of an agent's next moves."""
    return Block(Spec(Kind.PLAN, name))


def current_operation() -> Operation:
    """The operation that is running here; outside of any, one that takes everything and records nothing."""
    runtime = state.current
    found: Any = get_current().get(runtime.context_key) if runtime is not None else None
    return found if isinstance(found, Operation) else QuietOperation()  # type: ignore[return-value]  # same methods
