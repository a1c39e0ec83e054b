"""Microsoft's Agent Framework, which is asynchronous."""

from agent_framework import Agent
from agent_framework.openai import OpenAIChatClient
from cases import play


def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


def build():
    return Agent(
        client=OpenAIChatClient(model="gpt-4o-mini"),
        name="weather_agent",
        instructions="Answer questions about the weather.",
        tools=[get_weather],
    )


async def asynchronous(question):
    return (await build().run(question)).text


async def stream(question):
    return "".join([update.text or "" async for update in build().run(question, stream=True)])


play(**{"stream": stream, "async": asynchronous, "error": asynchronous})
