"""Traceloop's SDK: one init(), and decorators for what is its user's own."""

import order
import requests
from cases import play
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, tool
from weather_turns import WEATHER_URL, ask

Traceloop.init(app_name="weather", disable_batch=True)
order.is_ready()

from openai import OpenAI  # noqa: E402


@tool(name="get_weather")
def get_weather(city):
    requests.get(WEATHER_URL, timeout=10)  # which Traceloop's SDK tells of, too
    return f"It is sunny in {city}."


@agent(name="weather_agent")
def plain(question):
    return ask(OpenAI(), question, get_weather)


@agent(name="weather_agent")
def stream(question):
    return ask(OpenAI(), question, get_weather, is_stream=True)


play(plain=plain, stream=stream, error=plain)
