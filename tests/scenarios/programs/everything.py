"""One run with every kind of call in it: ends well, fails, is cancelled, streams, searches, remembers."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import foretell

foretell.init("everything", content=sys.argv[1] if len(sys.argv) > 1 else None)

REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "fine"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 120,
        "completion_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 10},
    },
}


@foretell.instrument_llm(provider="openai")
def ask(messages: list[dict[str, str]], *, model: str, temperature: float = 0.5) -> dict[str, Any]:
    return REPLY


@foretell.instrument_llm(provider="openai", model="gpt-4o-mini")
def stream(prompt: str) -> Iterator[dict[str, Any]]:
    for text in ("a", "b", "c"):
        yield {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]}
    yield {"object": "chat.completion.chunk", "choices": [], "usage": REPLY["usage"]}


@foretell.instrument_llm(provider="openai", model="gpt-4o-mini")
def refused(prompt: str) -> None:
    raise ConnectionError("the model is away")


@foretell.instrument_llm(provider="openai", model="text-embedding-3-small", operation="embeddings")
def embed(text: str) -> dict[str, Any]:
    return {"object": "list", "model": "text-embedding-3-small", "data": [], "usage": {"prompt_tokens": 5}}


@foretell.instrument_tool(description="Looks things up.")
def search(query: str) -> list[str]:
    return ["one", "two"]


@foretell.instrument_tool
def broken(query: str) -> None:
    raise ValueError("no such thing")


@foretell.instrument_agent(name="slow")
async def slow() -> None:
    await asyncio.sleep(60)


async def cancel() -> None:
    task = asyncio.ensure_future(slow())
    await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


with foretell.session("s-1", user_id="u-1", conversation_id="c-1", plan="pro"), foretell.workflow("all"):
    with foretell.agent("planner", version="2") as planner:
        with foretell.plan("steps"):
            ask([{"role": "user", "content": "hello there"}], model="gpt-4o-mini")
        list(stream("go"))
        with contextlib.suppress(ConnectionError):
            refused("please")
        embed("text")
        search("shoes")
        with contextlib.suppress(ValueError):
            broken("shoes")
        with foretell.retriever("docs"), foretell.step("inside"):
            pass
        with foretell.memory("notes", operation="create_memory"):
            pass
        with foretell.llm("my-own-model", provider="me") as op:
            op.record_usage(input_tokens=10, output_tokens=5)
        planner.add_event("retrying", attempt=2)
        foretell.score("helpful", 1.0, comment="thanks")
    asyncio.run(cancel())
foretell.shutdown()
