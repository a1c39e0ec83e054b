"""LangChain's agent in trouble, and with two tools at once."""

import asyncio
import time

from cases import play
from langchain.agents import create_agent
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from openai import APITimeoutError


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    if city == "Zyxovoid":
        raise LookupError("there is no such city")
    time.sleep(0.1)  # both are at work at the same time
    return f"It is sunny in {city}."


def make_agent(model="gpt-4o-mini", **options):
    return create_agent(
        ChatOpenAI(model=model, stream_usage=True, **options),
        tools=[get_weather],
        system_prompt="Answer questions about the weather.",
        name="weather_agent",
    )


def ask(question):
    return {"messages": [{"role": "user", "content": question}]}


def retried(question):
    """The server fails once; the client tries again by itself."""
    return make_agent(max_retries=2).invoke(ask(question))["messages"][-1].content


def timed_out(question):
    try:
        make_agent("gpt-4o-mini-waits-3", timeout=0.3, max_retries=0).invoke(ask(question))
    except APITimeoutError:
        return "no answer in time"


def given_up(question):
    """The program reads the answer's first piece and closes the stream; LangGraph's thread reads on."""
    pieces = make_agent().stream(ask(question), stream_mode="messages")
    for message, _ in pieces:
        if message.type == "AIMessageChunk" and message.content:
            pieces.close()
            return message.content


async def given_up_later(question):
    """LangGraph cancels what runs."""
    pieces = make_agent("gpt-4o-mini-drips-0.1").astream(ask(question), stream_mode="messages")
    async for message, _ in pieces:
        if message.type == "AIMessageChunk" and message.content:
            await pieces.aclose()
            return message.content


async def cancelled(question):
    task = asyncio.create_task(make_agent("gpt-4o-mini-waits-3", max_retries=0).ainvoke(ask(question)))
    await asyncio.sleep(1)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"


def two_tools(question):
    """The model asks for both at once."""
    both = question.replace("Zyxoparis", "Zyxoparis and in Zyxooslo")
    return make_agent().invoke(ask(both))["messages"][-1].content


def tool_raises(question):
    """One of two does."""
    try:
        make_agent().invoke(ask(question.replace("Zyxoparis", "Zyxoparis and in Zyxovoid")))
    except LookupError as error:
        return error


play(
    retried=retried,
    timed_out=timed_out,
    given_up=given_up,
    given_up_later=given_up_later,
    cancelled=cancelled,
    two_tools=two_tools,
    tool_raises=tool_raises,
)
