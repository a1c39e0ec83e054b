"""Checked by mypy, never run: what the context API gives."""

from __future__ import annotations

import foretell


def check_blocks() -> None:
    """Each block gives an operation that takes facts."""
    with foretell.agent("planner") as operation:
        operation.set_input({"question": 1})
        operation.add_event("planned", steps=3)
    with foretell.llm(provider="acme", model="acme-1") as call:
        call.record_usage(input_tokens=1, output_tokens=2, cache_read_tokens=3)
        call.chunk()
        call.set_output("answer")
    with foretell.session("s-1", user_id="u-1", plan="free"), foretell.tool("search") as tool:
        tool.set_output([1])
    with foretell.workflow("w"), foretell.retriever("r"), foretell.memory("m", operation="search_memory"):
        pass


async def check_async_blocks() -> None:
    """The same words serve `async with`."""
    async with foretell.step("group") as step:
        step.add_event("half way")
