"""Langfuse: its replacement for OpenAI's package, and its decorator."""

import order
from cases import play
from langfuse import get_client, observe
from langfuse.openai import OpenAI
from weather_turns import ask

order.is_ready()


@observe(as_type="tool")
def get_weather(city):
    return f"It is sunny in {city}."


@observe(name="weather_agent", as_type="agent")
def plain(question):
    return ask(OpenAI(), question, get_weather)


@observe(name="weather_agent", as_type="agent")
def stream(question):
    return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
get_client().flush()
