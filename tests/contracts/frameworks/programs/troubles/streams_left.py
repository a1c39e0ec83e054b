"""Streams of several clients of which some pieces are read: closed, still held; forgotten; and asynchronous ones."""

import asyncio
import sys

QUESTION = "What is the weather in Zyxoparis? " * 20
MESSAGES = [{"role": "user", "content": QUESTION}]


def bedrock():
    import boto3

    client = boto3.client("bedrock-runtime")
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    return lambda: client.converse_stream(modelId=model, messages=messages)["stream"], None


def mistral():
    import os

    from mistralai.client import Mistral

    chat = Mistral(api_key="none", server_url=os.environ["MISTRAL_SERVER_URL"]).chat
    asked = {"model": "mistral-small-latest", "messages": MESSAGES}
    return lambda: chat.stream(**asked), lambda: chat.stream_async(**asked)


def cohere():
    import cohere as library

    asked = {"model": "command-a-03-2025", "messages": MESSAGES}
    return lambda: library.ClientV2().chat_stream(**asked), lambda: library.AsyncClientV2().chat_stream(**asked)


def groq():
    from groq import AsyncGroq, Groq

    asked = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES, "stream": True}
    return lambda: Groq().chat.completions.create(**asked), lambda: AsyncGroq().chat.completions.create(**asked)


def litellm():
    import litellm as library

    asked = {"model": "openai/gpt-4o-mini", "messages": MESSAGES, "stream": True}
    return lambda: library.completion(**asked), lambda: library.acompletion(**asked)


PIECES = 5


def read_some(pieces):
    for number, _ in enumerate(pieces, 1):
        if number == PIECES:
            return pieces


async def read_some_later(pieces):
    if asyncio.iscoroutine(pieces):
        pieces = await pieces
    number = 0
    async for _ in pieces:
        number += 1
        if number == PIECES:
            break
    close = getattr(pieces, "aclose", None) or getattr(pieces, "close", None)
    if close is not None:
        await close()


def main(name):
    stream, later = globals()[name]()
    held = read_some(stream())
    if hasattr(held, "close"):
        held.close()
    read_some(stream())
    if later is not None:
        asyncio.run(read_some_later(later()))


main(sys.argv[1].partition("=")[0])
