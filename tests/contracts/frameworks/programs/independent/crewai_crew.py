"""CrewAI: a crew of one agent with one task."""

from cases import play
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool


@tool("get_weather")
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


def build(**options):
    agent = Agent(
        role="weather_agent",
        goal="Answer questions about the weather",
        backstory="You know the weather everywhere.",
        tools=[get_weather],
        llm=LLM(model="openai/gpt-4o-mini", **options),
        max_retry_limit=0,
    )
    task = Task(description="{question}", expected_output="One sentence", agent=agent)
    return Crew(agents=[agent], tasks=[task])


def plain(question):
    return build().kickoff(inputs={"question": question}).raw


async def asynchronous(question):
    return (await build().kickoff_async(inputs={"question": question})).raw


def stream(question):
    return build(stream=True).kickoff(inputs={"question": question}).raw


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
