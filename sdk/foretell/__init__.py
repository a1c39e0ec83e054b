"""See what AI agents do, hear what is about to go wrong, and replay it.

Everything a program needs stands here: `foretell.init()`, the decorators `instrument_agent`, `instrument_tool` …,
the blocks `agent`, `tool`, `llm` …, `session`, `score`, `flush` and `shutdown`. Importing changes nothing, and loads
nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from foretell.version import __version__ as __version__

if TYPE_CHECKING:
    from foretell.bootstrap import flush, init, shutdown
    from foretell.errors import ForetellError, RunHalted
    from foretell.instrument.blocks import agent, current_operation, llm, memory, plan, retriever, step, tool, workflow
    from foretell.instrument.carriers import child_env, propagate
    from foretell.instrument.decorators import (
        instrument_agent,
        instrument_llm,
        instrument_memory,
        instrument_retriever,
        instrument_step,
        instrument_tool,
        instrument_workflow,
    )
    from foretell.instrument.session import score, session
    from foretell.integrations.objects import instrument
    from foretell.logging_start import setup_logging
    from foretell.setup.resuming import resume
    from foretell.watchdog.callbacks import on_finding
    from foretell.watchdog.probes.locks import watched

__all__ = [
    "ForetellError",
    "RunHalted",
    "agent",
    "child_env",
    "current_operation",
    "flush",
    "init",
    "instrument",
    "instrument_agent",
    "instrument_llm",
    "instrument_memory",
    "instrument_retriever",
    "instrument_step",
    "instrument_tool",
    "instrument_workflow",
    "llm",
    "memory",
    "on_finding",
    "plan",
    "propagate",
    "resume",
    "retriever",
    "score",
    "session",
    "setup_logging",
    "shutdown",
    "step",
    "tool",
    "watched",
    "workflow",
]

_HOMES = {
    "bootstrap": ("flush", "init", "shutdown"),
    "errors": ("ForetellError", "RunHalted"),
    "instrument.blocks": (
        *("agent", "current_operation", "llm", "memory", "plan", "retriever", "step", "tool", "workflow"),
    ),
    "instrument.carriers": ("child_env", "propagate"),
    "instrument.decorators": (
        *("instrument_agent", "instrument_llm", "instrument_memory", "instrument_retriever"),
        *("instrument_step", "instrument_tool", "instrument_workflow"),
    ),
    "instrument.session": ("score", "session"),
    "logging_start": ("setup_logging",),
    "setup.resuming": ("resume",),
    "watchdog.callbacks": ("on_finding",),
    "watchdog.probes.locks": ("watched",),
}
_HOME_OF = {name: f"foretell.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # whatever the name stands for
    """Load a public name when it is first used, and keep it."""
    if name == "instrument":
        return import_module("foretell.instrument")  # a package that can be called; it says there why
    if name not in _HOME_OF:
        raise AttributeError(f"module 'foretell' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return found


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
