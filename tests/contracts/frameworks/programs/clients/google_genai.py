"""Google's GenAI client, which calls the function itself."""

from cases import play
from google import genai
from google.genai import types

MODEL = "gemini-2.5-flash"


def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


CONFIG = types.GenerateContentConfig(tools=[get_weather])


def plain(question):
    client = genai.Client()
    return client.models.generate_content(model=MODEL, contents=question, config=CONFIG).text


async def asynchronous(question):
    client = genai.Client()
    return (await client.aio.models.generate_content(model=MODEL, contents=question, config=CONFIG)).text


def stream(question):
    client = genai.Client()
    chunks = client.models.generate_content_stream(model=MODEL, contents=question, config=CONFIG)
    return "".join(chunk.text or "" for chunk in chunks)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
