"""See what AI agents do, hear what is about to go wrong, and replay it.

Everything a program needs stands here: `foretell.init()`, the decorators `instrument_agent`, `instrument_tool` …,
the blocks `agent`, `tool`, `llm` …, `session`, `score`, `flush` and `shutdown`. Importing changes nothing.
"""

from __future__ import annotations

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
from foretell.logging_start import setup_logging

__version__ = "0.1.0"

__all__ = [
    "ForetellError",
    "RunHalted",
    "agent",
    "child_env",
    "current_operation",
    "flush",
    "init",
    "instrument_agent",
    "instrument_llm",
    "instrument_memory",
    "instrument_retriever",
    "instrument_step",
    "instrument_tool",
    "instrument_workflow",
    "llm",
    "memory",
    "plan",
    "propagate",
    "retriever",
    "score",
    "session",
    "setup_logging",
    "shutdown",
    "step",
    "tool",
    "workflow",
]
