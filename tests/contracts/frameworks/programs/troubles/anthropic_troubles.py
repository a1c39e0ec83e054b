"""Anthropic's client in trouble: retries, time-outs, streams that break or are given up, tasks that are cancelled."""

import asyncio

from anthropic import Anthropic, APITimeoutError, AsyncAnthropic
from cases import play

MODEL = "claude-sonnet-4-5"


def ask(question, **options):
    return {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": question}], **options}


def read_two_texts(events):
    texts = (event.delta.text for event in events if event.type == "content_block_delta")
    return next(texts) + next(texts)


def retried(question):
    """The server fails once; the client tries again by itself."""
    return Anthropic(max_retries=2).messages.create(**ask(question)).content[0].text


def timed_out(question):
    try:
        Anthropic(max_retries=0, timeout=0.3).messages.create(**ask(question, model=f"{MODEL}-waits-3"))
    except APITimeoutError:
        return "no answer in time"


def broken(question):
    """The server hangs up in the middle of its answer."""
    with Anthropic(max_retries=0).messages.stream(**ask(question, model=f"{MODEL}-breaks")) as stream:
        return "".join(stream.text_stream)


def given_up(question):
    """The program reads two pieces and closes the stream."""
    with Anthropic(max_retries=0).messages.create(**ask(question), stream=True) as stream:
        return read_two_texts(stream)


def dropped(question):
    """The program reads two pieces and forgets the stream."""
    return read_two_texts(Anthropic(max_retries=0).messages.create(**ask(question), stream=True))


async def given_up_later(question):
    async with AsyncAnthropic(max_retries=0).messages.stream(**ask(question)) as stream:
        async for text in stream.text_stream:
            return text


async def cancelled(question):
    asked = ask(question, model=f"{MODEL}-waits-3")
    task = asyncio.create_task(AsyncAnthropic(max_retries=0).messages.create(**asked))
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"


async def side_by_side(question):
    """Three calls at the same time."""
    client = AsyncAnthropic(max_retries=0)
    answers = await asyncio.gather(*(client.messages.create(**ask(question)) for _ in range(3)))
    return " ".join(answer.content[0].text for answer in answers)


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
