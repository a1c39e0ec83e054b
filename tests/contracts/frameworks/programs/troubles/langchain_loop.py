"""LangChain's agent, whose model asks for the same tool again and again."""

import sys

from langchain.agents import create_agent
from langchain.tools import tool
from langchain_openai import ChatOpenAI


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


question = sys.argv[1].partition("=")[2] + " Ask again and again."
agent = create_agent(ChatOpenAI(model="gpt-4o-mini"), tools=[get_weather], name="weather_agent")
print(agent.invoke({"messages": [{"role": "user", "content": question}]}, {"recursion_limit": 200}))
