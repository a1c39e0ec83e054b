"""OpenAI's client in trouble: retries, time-outs, streams that break or are given up, tasks that are cancelled."""

import asyncio

from cases import play
from openai import APITimeoutError, AsyncOpenAI, OpenAI


def ask(question, **options):
    return {"messages": [{"role": "user", "content": question}], **options}


def retried(question):
    """The server fails once; the client tries again by itself."""
    client = OpenAI(max_retries=2)
    return client.chat.completions.create(**ask(question, model="gpt-4o-mini")).choices[0].message.content


def timed_out(question):
    client = OpenAI(max_retries=0, timeout=0.3)
    try:
        client.chat.completions.create(**ask(question, model="gpt-4o-mini-waits-3"))
    except APITimeoutError:
        return "no answer in time"


def broken(question):
    """The server hangs up in the middle of its answer."""
    client = OpenAI(max_retries=0)
    options = {"model": "gpt-4o-mini-breaks", "stream": True, "stream_options": {"include_usage": True}}
    return "".join(
        chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**ask(question, **options))
    )


def given_up(question):
    """The program reads two pieces and closes the stream."""
    client = OpenAI(max_retries=0)
    options = {"model": "gpt-4o-mini", "stream": True, "stream_options": {"include_usage": True}}
    with client.chat.completions.create(**ask(question, **options)) as stream:
        next(stream)
        return next(stream).choices[0].delta.content


def dropped(question):
    """The program reads two pieces and forgets the stream."""
    client = OpenAI(max_retries=0)
    stream = client.chat.completions.create(**ask(question, model="gpt-4o-mini", stream=True))
    next(stream)
    return next(stream).choices[0].delta.content


async def given_up_later(question):
    client = AsyncOpenAI(max_retries=0)
    async with await client.chat.completions.create(**ask(question, model="gpt-4o-mini", stream=True)) as stream:
        await anext(stream)
        return (await anext(stream)).choices[0].delta.content


async def cancelled(question):
    client = AsyncOpenAI(max_retries=0)
    task = asyncio.create_task(client.chat.completions.create(**ask(question, model="gpt-4o-mini-waits-3")))
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"


async def side_by_side(question):
    """Three calls at the same time."""
    client = AsyncOpenAI(max_retries=0)
    calls = [client.chat.completions.create(**ask(question, model="gpt-4o-mini")) for _ in range(3)]
    return " ".join(answer.choices[0].message.content for answer in await asyncio.gather(*calls))


play(
    retried=retried,
    timed_out=timed_out,
    broken=broken,
    given_up=given_up,
    dropped=dropped,
    given_up_later=given_up_later,
    cancelled=cancelled,
    side_by_side=side_by_side,
)
