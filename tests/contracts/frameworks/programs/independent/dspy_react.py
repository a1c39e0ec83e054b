"""DSPy's ReAct."""

import dspy
from cases import play

dspy.configure(lm=dspy.LM("openai/gpt-4o-mini", cache=False, num_retries=0))


def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is sunny in {city}."


agent = dspy.ReAct("question -> answer", tools=[get_weather], max_iters=3)


def plain(question):
    return agent(question=question).answer


async def asynchronous(question):
    return (await agent.acall(question=question)).answer


def stream(question):
    listener = dspy.streaming.StreamListener(signature_field_name="answer")
    streamed = dspy.streamify(agent, stream_listeners=[listener], async_streaming=False)
    chunks = list(streamed(question=question))
    return chunks[-1].answer


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
