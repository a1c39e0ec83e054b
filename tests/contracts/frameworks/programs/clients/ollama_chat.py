"""Ollama's chat, with a tool."""

import ollama
from cases import play

MODEL = "llama3.2"


def get_weather(city: str) -> str:
    """Get the current weather in a city.

    Args:
        city: The name of the city
    """
    return f"It is sunny in {city}."


def use_tools(messages, message):
    messages.append(message)
    for call in message.tool_calls or ():
        result = get_weather(**call.function.arguments)
        messages.append({"role": "tool", "tool_name": call.function.name, "content": result})


def plain(question):
    messages = [{"role": "user", "content": question}]
    use_tools(messages, ollama.chat(model=MODEL, messages=messages, tools=[get_weather]).message)
    return ollama.chat(model=MODEL, messages=messages, tools=[get_weather]).message.content


async def asynchronous(question):
    client = ollama.AsyncClient()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, (await client.chat(model=MODEL, messages=messages, tools=[get_weather])).message)
    return (await client.chat(model=MODEL, messages=messages, tools=[get_weather])).message.content


def stream(question):
    messages = [{"role": "user", "content": question}]
    for chunk in ollama.chat(model=MODEL, messages=messages, tools=[get_weather], stream=True):
        if chunk.message.tool_calls:
            use_tools(messages, chunk.message)
    chunks = ollama.chat(model=MODEL, messages=messages, tools=[get_weather], stream=True)
    return "".join(chunk.message.content for chunk in chunks)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
