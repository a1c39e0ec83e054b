"""What the programs here share: they record, and say on standard output what they have recorded."""

from __future__ import annotations

import os
import time

import foretell


def say(*words: object) -> None:
    """One line in one write, so that lines of several processes do not mix."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(name: str = "work", duration_s: float = 0.0) -> None:
    """An agent with a tool in it; both say so when they have ended."""
    with foretell.agent(name) as agent:
        with foretell.tool("look") as tool:
            tool.set_input({"at": name})
            time.sleep(duration_s)
        say("ended", f"{tool.id:016x}")
    say("ended", f"{agent.id:016x}")


def ask(model: str = "gpt-4o-mini") -> None:
    """A model call."""
    with foretell.llm(model, provider="openai") as call:
        call.record_usage(input_tokens=10, output_tokens=1)
    say("ended", f"{call.id:016x}")
