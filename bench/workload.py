"""The work that is recorded: one agent that asks a model three times and calls a tool three times, 1 KB each way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

SPANS_PER_RUN = 7
STEPS = 3

# Words of many letters, no secret among them: redaction has to read them, not to replace.
PROSE = (
    "The quarterly report lists revenue by region and product; the northern region grew while the southern one held "
    "steady, and returns fell for the third time in a row. Stock of the smaller parts is low in two warehouses. "
)
WORDS = (PROSE * 5)[:880]

Wrap = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""How an SDK records a function: kind (`agent`, `llm`, `tool`) and function give the recorded function."""


def make_messages(number: int) -> list[dict[str, str]]:
    """A prompt of about 1 KB that differs in each call."""
    return [
        {"role": "system", "content": "You are a careful analyst. Answer from the report only."},
        {"role": "user", "content": f"Question {number}: what changed? {WORDS}"},
    ]


def make_reply(number: int) -> dict[str, Any]:
    """A model's answer of about 1 KB, in the shape that providers use."""
    return {
        "id": f"chatcmpl-{number:08d}",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": f"{number}: {WORDS}"}}],
        "usage": {"prompt_tokens": 240 + number % 7, "completion_tokens": 60 + number % 5, "total_tokens": 300},
    }


def make_rows(number: int) -> dict[str, Any]:
    """A tool's result of about 1 KB."""
    return {"number": number, "rows": [{"region": f"r{row}", "text": WORDS[row : row + 200]} for row in range(4)]}


def make_agent(wrap: Wrap, wait_s: float = 0.0, disturb: Callable[[], object] | None = None) -> Callable[[int], Any]:
    """The recorded agent; `wait_s` is what the model takes, `disturb` what the tool does beside its work."""

    def complete(messages: list[dict[str, str]], number: int) -> dict[str, Any]:
        if wait_s:
            time.sleep(wait_s)
        return make_reply(number)

    def look_up(query: str, number: int) -> dict[str, Any]:
        if disturb is not None:
            disturb()
        return make_rows(number)

    llm, tool = wrap("llm", complete), wrap("tool", look_up)

    def answer(question: str, number: int) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for step in range(STEPS):
            llm(make_messages(number + step), number + step)
            rows = tool(f"Query {number} {WORDS}", number + step)
        return rows

    agent = wrap("agent", answer)
    return lambda number: agent(f"Question {number} {WORDS}", number)


def make_async_agent(wrap: Wrap, wait_s: float) -> Callable[[int], Awaitable[Any]]:
    """The same as coroutines."""

    async def complete(messages: list[dict[str, str]], number: int) -> dict[str, Any]:
        await asyncio.sleep(wait_s)
        return make_reply(number)

    async def look_up(query: str, number: int) -> dict[str, Any]:
        return make_rows(number)

    llm, tool = wrap("llm", complete), wrap("tool", look_up)

    async def answer(question: str, number: int) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for step in range(STEPS):
            await llm(make_messages(number + step), number + step)
            rows = await tool(f"Query {number} {WORDS}", number + step)
        return rows

    agent = wrap("agent", answer)
    return lambda number: agent(f"Question {number} {WORDS}", number)
