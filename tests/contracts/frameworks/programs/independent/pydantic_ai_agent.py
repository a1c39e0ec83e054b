"""Pydantic AI."""

from cases import play
from pydantic_ai import Agent

agent = Agent("openai:gpt-4o-mini", name="weather_agent", instructions="Answer questions about the weather.")


@agent.tool_plain
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


def plain(question):
    return agent.run_sync(question).output


async def asynchronous(question):
    return (await agent.run(question)).output


async def stream(question):
    async with agent.run_stream(question) as result:
        return "".join([text async for text in result.stream_text(delta=True)])


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
