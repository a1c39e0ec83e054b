"""When an operation is current, and what becomes current after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach, get_current

if TYPE_CHECKING:
    from foretell.instrument.operation import Operation

NOWHERE = Context()
"""Where nobody goes back to."""


def leave_context(operation: Operation, *, is_certain: bool = False) -> None:
    """Stop being current. Sets the outer context instead of resetting a token: that works in any task.

    `is_certain`: this is the same flow of control that opened the operation, so the outer context is right whatever
    is current now. A block cannot be certain: the generator that it stands in may be closed by somebody else.
    """
    if operation.inside is None:
        return
    if is_certain or get_current() is operation.inside:
        outside, key = operation.outside, operation.runtime.context_key
        outer: Operation | None = outside.get(key)  # type: ignore[assignment]  # ours alone write there
        attach(outside if outer is None or not outer.is_stranded else live_context(outside, key))
        operation.outside = NOWHERE  # what is queued need not keep the contexts and the spans around it
    else:
        operation.is_stranded = True
    operation.inside = None  # a context holds its operation: kept, each call would wait for the cycle collector


def live_context(context: Context, key: str) -> Context:
    """The context without blocks that were closed out of order (a `with` across a `yield`) and so left it behind."""
    operation: Operation | None = context.get(key)  # type: ignore[assignment]  # ours alone write there
    while operation is not None and operation.is_stranded:
        context = operation.outside
        operation = context.get(key)  # type: ignore[assignment]  # as above
    return context


def abandon(operation: Operation) -> None:
    """Stop being current and open without being recorded: a fault of ours has made the record useless."""
    leave_context(operation, is_certain=True)
    operation.runtime.open_calls.pop(operation.id, None)
    if operation.end_ns is None:
        operation.end_ns = operation.start_ns
        operation.runtime.counts.count("dropped", "calls", "fault")
