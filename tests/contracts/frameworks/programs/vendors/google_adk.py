"""Google's Agent Development Kit, which is asynchronous."""

from cases import play
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.genai import types


def get_weather(city: str) -> dict:
    """Get the current weather in a city."""
    return {"status": "success", "report": f"It is sunny in {city}."}


root_agent = Agent(
    name="weather_agent",
    model="gemini-2.5-flash",
    description="Answers questions about the weather",
    instruction="Answer questions about the weather.",
    tools=[get_weather],
)


async def ask(question, run_config):
    runner = InMemoryRunner(agent=root_agent, app_name="weather")
    session = await runner.session_service.create_session(app_name="weather", user_id="user")
    content = types.Content(role="user", parts=[types.Part(text=question)])
    answer = ""
    async for event in runner.run_async(
        user_id="user", session_id=session.id, new_message=content, run_config=run_config
    ):
        if event.is_final_response() and event.content:
            answer = "".join(part.text or "" for part in event.content.parts)
    return answer


async def asynchronous(question):
    return await ask(question, RunConfig())


async def stream(question):
    return await ask(question, RunConfig(streaming_mode=StreamingMode.SSE))


play(**{"stream": stream, "async": asynchronous, "error": asynchronous})
