"""AutoGen's assistant, which is asynchronous."""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import TaskResult
from autogen_ext.models.openai import OpenAIChatCompletionClient
from cases import play


async def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


def build(**options):
    return AssistantAgent(
        name="weather_agent",
        model_client=OpenAIChatCompletionClient(model="gpt-4o-mini"),
        tools=[get_weather],
        system_message="Answer questions about the weather.",
        reflect_on_tool_use=True,
        **options,
    )


async def asynchronous(question):
    return (await build().run(task=question)).messages[-1].content


async def stream(question):
    answer = None
    async for message in build(model_client_stream=True).run_stream(task=question):
        if isinstance(message, TaskResult):
            answer = message.messages[-1].content
    return answer


play(**{"stream": stream, "async": asynchronous, "error": asynchronous})
