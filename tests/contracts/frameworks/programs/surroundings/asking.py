"""Asks a model, as plainly as can be."""

from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-4o-mini"


def say(question):
    return {"model": MODEL, "messages": [{"role": "user", "content": question}]}


def ask(question):
    return OpenAI().chat.completions.create(**say(question)).choices[0].message.content


async def ask_async(question):
    async with AsyncOpenAI() as client:
        return (await client.chat.completions.create(**say(question))).choices[0].message.content
