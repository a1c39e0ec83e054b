"""OpenAI Agents."""

import os

from agents import Agent, Runner, function_tool, set_default_openai_client
from cases import play
from openai import AsyncOpenAI

# Traces go to OpenAI only where the key is in the environment.
set_default_openai_client(AsyncOpenAI(api_key=os.environ.pop("OPENAI_API_KEY")), use_for_tracing=False)


@function_tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


agent = Agent(
    name="weather_agent",
    instructions="Answer questions about the weather.",
    model="gpt-4o-mini",
    tools=[get_weather],
)


def plain(question):
    return Runner.run_sync(agent, question).final_output


async def asynchronous(question):
    return (await Runner.run(agent, question)).final_output


async def stream(question):
    result = Runner.run_streamed(agent, question)
    async for _ in result.stream_events():
        pass
    return result.final_output


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
