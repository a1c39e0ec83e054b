"""smolagents, which has no asynchronous side."""

from cases import play
from smolagents import FinalAnswerStep, OpenAIServerModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city.

    Args:
        city: The name of the city
    """
    return f"It is sunny in {city}."


def build(**options):
    model = OpenAIServerModel(model_id="gpt-4o-mini")
    return ToolCallingAgent(tools=[get_weather], model=model, name="weather_agent", verbosity_level=0, **options)


def plain(question):
    return build().run(question)


def stream(question):
    steps = build(stream_outputs=True).run(question, stream=True)
    return next(step.output for step in steps if isinstance(step, FinalAnswerStep))


play(plain=plain, stream=stream, error=plain)
