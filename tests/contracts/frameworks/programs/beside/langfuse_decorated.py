"""Langfuse's decorator and ours in one program."""

from cases import play
from langfuse import get_client, observe
from langfuse.openai import OpenAI
from weather_turns import ask

import foretell

langfuse = get_client()


@foretell.instrument_tool
@observe(as_type="tool")
def get_weather(city):
    return f"It is sunny in {city}."


@foretell.instrument_agent(name="weather_agent")
@observe(name="answer")
def plain(question):
    return ask(OpenAI(), question, get_weather)


play(plain=plain)
langfuse.flush()
