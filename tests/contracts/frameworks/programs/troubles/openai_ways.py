"""Each way to ask OpenAI's client: parsed, by a helper for streams, raw; read whole, left, or not at all."""

import asyncio

from cases import play
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-4o-mini"


def ask(question, **options):
    return {"model": MODEL, "messages": [{"role": "user", "content": question}], **options}


def parsed(question):
    client = OpenAI()
    completions = getattr(client.chat.completions, "parse", None) or client.beta.chat.completions.parse
    return completions(**ask(question)).choices[0].message.content


def helped(question):
    client = OpenAI()
    open_stream = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    with open_stream(**ask(question, stream_options={"include_usage": True})) as stream:
        return stream.get_final_completion().choices[0].message.content


async def helped_later(question):
    client = AsyncOpenAI()
    open_stream = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    async with open_stream(**ask(question, stream_options={"include_usage": True})) as stream:
        return (await stream.get_final_completion()).choices[0].message.content


def helped_and_left(question):
    client = OpenAI()
    open_stream = getattr(client.chat.completions, "stream", None) or client.beta.chat.completions.stream
    with open_stream(**ask(question)) as stream:
        for event in stream:
            if event.type == "content.delta" and event.delta:
                return event.delta


def raw(question):
    answer = OpenAI().chat.completions.with_raw_response.create(**ask(question))
    return answer.parse().choices[0].message.content


def raw_stream(question):
    answer = OpenAI().chat.completions.with_raw_response.create(
        **ask(question, stream=True, stream_options={"include_usage": True})
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in answer.parse() if chunk.choices)


def streaming(question):
    """The body is read by whoever asks for it."""
    with OpenAI().chat.completions.with_streaming_response.create(**ask(question)) as answer:
        return answer.parse().choices[0].message.content


async def streaming_later(question):
    async with AsyncOpenAI().chat.completions.with_streaming_response.create(**ask(question)) as answer:
        return (await answer.parse()).choices[0].message.content


def streaming_bytes(question):
    with OpenAI().chat.completions.with_streaming_response.create(**ask(question)) as answer:
        return b"".join(answer.iter_bytes()).decode()


def responses_parsed(question):
    return OpenAI().responses.parse(model=MODEL, input=question).output_text


async def responses_helped(question):
    async with AsyncOpenAI().responses.stream(model=MODEL, input=question) as stream:
        return (await stream.get_final_response()).output_text


def responses_left(question):
    with OpenAI().responses.stream(model=MODEL, input=question) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                return event.delta


def used_again(question):
    """A stream that is closed twice, by the program and by its block."""
    with OpenAI().chat.completions.create(**ask(question, stream=True)) as stream:
        next(stream)
        stream.close()
    return "closed twice"


async def never_awaited(question):
    """A helper that nobody enters asks nothing."""
    coroutine = AsyncOpenAI().chat.completions.create(**ask(question))
    coroutine.close()
    await asyncio.sleep(0)
    return "nothing asked"


play(
    parsed=parsed,
    helped=helped,
    helped_later=helped_later,
    helped_and_left=helped_and_left,
    raw=raw,
    raw_stream=raw_stream,
    streaming=streaming,
    streaming_later=streaming_later,
    streaming_bytes=streaming_bytes,
    responses_parsed=responses_parsed,
    responses_helped=responses_helped,
    responses_left=responses_left,
    used_again=used_again,
    never_awaited=never_awaited,
)
