"""LangChain's agent."""

from cases import play
from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain.tools import tool


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


agent = create_agent(
    init_chat_model("openai:gpt-4o-mini", stream_usage=True),
    tools=[get_weather],
    system_prompt="Answer questions about the weather.",
    name="weather_agent",
)


def ask(question):
    return {"messages": [{"role": "user", "content": question}]}


def plain(question):
    return agent.invoke(ask(question))["messages"][-1].content


async def asynchronous(question):
    return (await agent.ainvoke(ask(question)))["messages"][-1].content


def stream(question):
    said = ""
    for message, _ in agent.stream(ask(question), stream_mode="messages"):
        if message.type == "AIMessageChunk":
            said += message.content
    return said


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
