"""Logfire with another back-end."""

import logfire
import order
from cases import play
from weather_turns import ask

logfire.configure(service_name="weather", send_to_logfire=False, console=False)
logfire.instrument_openai()
order.is_ready()

from openai import OpenAI  # noqa: E402


def get_weather(city):
    with logfire.span("get_weather"):
        return f"It is sunny in {city}."


def plain(question):
    with logfire.span("weather_agent"):
        return ask(OpenAI(), question, get_weather)


def stream(question):
    with logfire.span("weather_agent"):
        return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
