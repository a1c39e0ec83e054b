"""The public words are there, documented, and stay."""

from __future__ import annotations

import inspect

import pytest

import foretell

PROMISED = [
    "init",
    "flush",
    "shutdown",
    "instrument",
    "instrument_agent",
    "instrument_tool",
    "instrument_llm",
    "instrument_workflow",
    "instrument_retriever",
    "instrument_memory",
    "instrument_step",
    "agent",
    "tool",
    "llm",
    "workflow",
    "retriever",
    "memory",
    "step",
    "session",
    "on_finding",
    "resume",
    "current_operation",
    "propagate",
    "score",
    "setup_logging",
    "child_env",
    "RunHalted",
    "ForetellError",
]


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_name_is_public(name: str) -> None:
    """Programs that use it go on working."""
    assert name in foretell.__all__


@pytest.mark.parametrize("name", foretell.__all__)
def test_a_public_name_is_there_and_says_what_it_does(name: str) -> None:
    """`help(foretell.x)` is the first page of the docs."""
    assert inspect.getdoc(getattr(foretell, name))
