"""Agno."""

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from cases import play


def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


agent = Agent(
    name="weather_agent",
    model=OpenAIChat(id="gpt-4o-mini"),
    tools=[get_weather],
    instructions="Answer questions about the weather.",
    telemetry=False,
)


def plain(question):
    return agent.run(question).content


async def asynchronous(question):
    return (await agent.arun(question)).content


def stream(question):
    events = agent.run(question, stream=True)
    return "".join(event.content for event in events if event.event == "RunContent" and event.content)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
