"""A program of five frameworks that knows nothing of us: tells when it is ready, and how long its calls took.

`python bench/zero_code/agent.py <calls>`, with OPENAI_BASE_URL set.
"""

from __future__ import annotations

import json
import sys
import time

import anthropic
import google.genai
import langchain_core.runnables
import mcp
import openai

FRAMEWORKS = (anthropic, google.genai, langchain_core.runnables, mcp, openai)
WARM_CALLS = 10


def main(calls: int) -> None:
    """Print the wall clock at the end of all imports, and the seconds that the calls took, as one line of JSON."""
    ready_s = time.time()
    client = openai.OpenAI()

    def ask() -> None:
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        client.chat.completions.create(model="gpt-4o-mini", messages=messages)  # type: ignore[arg-type]  # plain dicts

    for _ in range(WARM_CALLS if calls else 0):
        ask()
    begin_s, begin_cpu_s = time.perf_counter(), time.thread_time()
    for _ in range(calls):
        ask()
    elapsed_s, cpu_s = time.perf_counter() - begin_s, time.thread_time() - begin_cpu_s
    print(json.dumps({"ready_s": ready_s, "calls_s": elapsed_s, "cpu_s": cpu_s}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
