"""Puts wrappers around methods of libraries, and takes them off again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from foretell.integrations.wrapping.patching import put_wrapper

if TYPE_CHECKING:
    from foretell.integrations.integration import Undo

Wrapper = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]
"""Is given what it wraps (bound), the instance, and the arguments of one call."""


@dataclass(frozen=True, slots=True)
class WrapPoint:
    """A function or method that is called in a wrapper."""

    module: str
    path: str
    """`function` or `Class.method` inside that module."""
    wrapper: Wrapper
    is_needed: bool = True
    """False where older or newer versions do well without it."""


def wrap_points(points: Iterable[WrapPoint]) -> Undo:
    """Wrap all points, or none where one that is needed is not there; returns what takes the wrappers off."""
    undos: list[Undo] = []

    def undo_all() -> None:
        while undos:
            undos.pop()()

    try:
        for point in points:
            undos.append(_wrap(point))  # noqa: PERF401  # one by one: what is wrapped already has to be unwrapped
    except (ImportError, AttributeError):
        undo_all()
        raise
    return undo_all


def _wrap(point: WrapPoint) -> Undo:
    from wrapt import FunctionWrapper

    try:
        owner: Any = import_module(point.module)
        *steps, name = point.path.split(".")
        for step in steps:
            owner = getattr(owner, step)
        before = vars(owner)[name] if name in vars(owner) else getattr(owner, name)
    except (ImportError, AttributeError):
        if point.is_needed:
            raise
        return lambda: None
    return put_wrapper(owner, name, before, FunctionWrapper(before, point.wrapper))
