"""LlamaIndex's agent, which is asynchronous."""

from cases import play
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.llms.openai import OpenAI


def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


LLM = OpenAI(model="gpt-4o-mini", additional_kwargs={"stream_options": {"include_usage": True}})
PLAIN = OpenAI(model="gpt-4o-mini")


def build(llm, *, streaming):
    return FunctionAgent(
        name="weather_agent",
        description="Answers questions about the weather",
        tools=[get_weather],
        llm=llm,
        system_prompt="Answer questions about the weather.",
        streaming=streaming,
    )


async def asynchronous(question):
    return str(await build(PLAIN, streaming=False).run(user_msg=question))


async def stream(question):
    handler = build(LLM, streaming=True).run(user_msg=question)
    said = ""
    async for event in handler.stream_events():
        if isinstance(event, AgentStream):
            said += event.delta
    await handler
    return said


play(**{"stream": stream, "async": asynchronous, "error": asynchronous})
