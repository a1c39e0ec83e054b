"""Strands, on Bedrock."""

from cases import play
from strands import Agent, tool
from strands.models import BedrockModel

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city.

    Args:
        city: The name of the city
    """
    return f"It is sunny in {city}."


def build(**options):
    model = BedrockModel(model_id=MODEL, region_name="us-east-1", **options)
    prompt = "Answer questions about the weather."
    return Agent(name="weather_agent", model=model, tools=[get_weather], system_prompt=prompt, callback_handler=None)


def plain(question):
    return str(build(streaming=False)(question)).strip()


async def asynchronous(question):
    return str(await build(streaming=False).invoke_async(question)).strip()


async def stream(question):
    said = [event.get("data", "") async for event in build().stream_async(question)]
    return "".join(said)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
