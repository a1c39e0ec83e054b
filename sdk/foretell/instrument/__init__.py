"""Recording: decorators, blocks and sessions, and the one life of every recorded call."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


class CallableRoom(ModuleType):
    """A package that can be called.

    `foretell.instrument(agent)` is a public function, and `foretell.instrument` is this package as well: Python puts
    the package under that name whenever something in it is imported. So the package itself takes the call.
    """

    def __call__(self, target: T) -> T:
        """Record an agent, crew, graph or runner that is built already; that same object comes back."""
        # By name: frameworks are known two floors above, and this is their door.
        instrumented: T = import_module("foretell.integrations.objects").instrument(target)
        return instrumented


sys.modules[__name__].__class__ = CallableRoom
