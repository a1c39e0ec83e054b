"""An agent of coroutines whose answer streams: the record covers the whole stream, however long the reader takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import foretell

HAIKU = "Packets drift like snow / each one finds its quiet way / traces in the dark"


@foretell.instrument_tool
async def count_words(text: str) -> int:
    """Count words somewhere else, which takes a moment."""
    await asyncio.sleep(0.01)
    return len(text.split())


@foretell.instrument_llm(provider="openai")
async def stream_model(*, model: str, messages: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """Answer in pieces as OpenAI's API would; the last piece brings the token counts."""
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": f"{model}-2024-07-18"}
    for word in HAIKU.split():
        await asyncio.sleep(0.005)
        yield {**frame, "choices": [{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}]}
    yield {**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    tokens = {"prompt_tokens": 31 + len(messages), "completion_tokens": 22, "total_tokens": 54}
    yield {**frame, "choices": [], "usage": tokens}


@foretell.instrument_agent
async def poet(subject: str) -> AsyncIterator[str]:
    """Write a poem, word by word."""
    text = ""
    async for chunk in stream_model(model="gpt-4o-mini", messages=[{"role": "user", "content": subject}]):
        for choice in chunk["choices"]:
            piece = choice["delta"].get("content", "")
            text += piece
            yield piece
    yield f"({await count_words(text)} words)"


async def main() -> None:
    """Print the poem as it comes."""
    async for piece in poet("A haiku about telemetry"):
        print(piece, end="", flush=True)
    print()


if __name__ == "__main__":
    foretell.init("poetry")
    asyncio.run(main())
