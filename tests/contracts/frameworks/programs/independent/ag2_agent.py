"""AG2, which is asynchronous."""

from ag2 import Agent, tool
from ag2.config import OpenAIConfig
from cases import play


@tool
async def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


def build(**options):
    config = OpenAIConfig(model="gpt-4o-mini", **options)
    return Agent("weather_agent", prompt="Answer questions about the weather.", config=config, tools=[get_weather])


async def asynchronous(question):
    return (await build().ask(question)).body


async def stream(question):
    return (await build(streaming=True).ask(question)).body


play(**{"stream": stream, "async": asynchronous, "error": asynchronous})
