"""Logfire with another back-end."""

import logfire
import order
import requests
from cases import play
from weather_turns import WEATHER_URL, ask

logfire.configure(service_name="weather", send_to_logfire=False, console=False)
logfire.instrument_openai()
logfire.instrument_requests()
order.is_ready()

from openai import OpenAI  # noqa: E402


def get_weather(city):
    with logfire.span("get_weather"):
        requests.get(WEATHER_URL, timeout=10)
        return f"It is sunny in {city}."


def plain(question):
    with logfire.span("weather_agent"):
        return ask(OpenAI(), question, get_weather)


def stream(question):
    with logfire.span("weather_agent"):
        return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
