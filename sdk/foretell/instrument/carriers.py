"""Carrying the current operation where Python does not: threads, executors, subprocesses, HTTP."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from opentelemetry import propagate as w3c
from opentelemetry.context import attach, get_current

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
    w3c.inject(carrier)
    base = dict(os.environ if environment is None else environment)
    for name in NAMES:
        base.pop(name.upper(), None)
    return {**base, **{key.upper(): value for key, value in carrier.items()}}


def join_parent(environment: Mapping[str, str]) -> Any:
    """Continue the run that a parent process put into the environment; returns the context to go back to, or None."""
    carrier = {name: environment[name.upper()] for name in NAMES if name.upper() in environment}
    if not carrier:
        return None
    before = get_current()
    attach(w3c.extract(carrier, before))
    return before
