"""Carrying the current operation where Python does not: threads, executors, subprocesses, HTTP."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from opentelemetry import baggage
from opentelemetry import propagate as w3c
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span, set_span_in_context

from foretell.instrument import state
from foretell.instrument.operation import PRIVATE_PARENT, RUN_ID, Operation

P = ParamSpec("P")
R = TypeVar("R")

NAMES = ("traceparent", "tracestate", "baggage")


def propagate(func: Callable[P, R]) -> Callable[P, R]:
    """Wrap a function so that it runs under the operation that is current *now*, in whatever thread it is called.

    `Thread(target=foretell.propagate(work))`, `executor.submit(foretell.propagate(work), 1)`.
    """
    carried = get_current()

    @functools.wraps(func)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        before = get_current()
        attach(carried)
        try:
            return func(*args, **kwargs)
        finally:
            attach(before)

    return call


def child_env(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that carries the current run into a subprocess: `subprocess.run(..., env=foretell.child_env())`.

    A copy of `environment` (default: this process's) with TRACEPARENT, TRACESTATE and BAGGAGE.
    """
    carrier: dict[str, str] = {}
    w3c.inject(carrier, _context_to_carry())
    base = dict(os.environ if environment is None else environment)
    for name in NAMES:
        base.pop(name.upper(), None)
    return {**base, **{key.upper(): value for key, value in carrier.items()}}


def _context_to_carry() -> Context:
    """The current context; an isolated operation, which is not the current span, is put into a copy of it."""
    context, runtime = get_current(), state.current
    operation = context.get(runtime.context_key) if runtime is not None else None
    if isinstance(operation, Operation) and getattr(operation.runtime.spans, "is_private", False):
        ids = SpanContext(
            operation.trace_id, operation.span_id, is_remote=False, trace_flags=TraceFlags(operation.trace_flags)
        )
        return set_span_in_context(NonRecordingSpan(ids), context)
    return context


def join_parent(environment: Mapping[str, str], *, is_private: bool = False) -> tuple[Context, Context] | None:
    """Continue the run that a parent process put into the environment; returns the contexts before and after, if so.

    If `is_private`, the parent is not the current span: only our own operations go on under it.
    """
    carrier = {name: environment[name.upper()] for name in NAMES if name.upper() in environment}
    if not carrier:
        return None
    before = get_current()
    joined = w3c.extract(carrier, before)
    if is_private:
        carried = baggage.set_baggage(RUN_ID, baggage.get_baggage(RUN_ID, joined), before)
        joined = Context({**carried, PRIVATE_PARENT: get_current_span(joined)})
    attach(joined)
    return before, joined
