"""OpenAI's chat completions, with a tool."""

import json

from cases import play
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-4o-mini"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the current weather in a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def get_weather(city):
    return f"It is sunny in {city}."


def use_tools(messages, message):
    messages.append(message)
    for call in message.tool_calls:
        arguments = json.loads(call.function.arguments)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": get_weather(**arguments)})


def plain(question):
    client = OpenAI()
    messages = [{"role": "user", "content": question}]
    completion = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    use_tools(messages, completion.choices[0].message)
    return client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content


async def asynchronous(question):
    client = AsyncOpenAI()
    messages = [{"role": "user", "content": question}]
    completion = await client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    use_tools(messages, completion.choices[0].message)
    completion = await client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    return completion.choices[0].message.content


def stream(question):
    client = OpenAI()
    messages = [{"role": "user", "content": question}]
    completion = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    use_tools(messages, completion.choices[0].message)
    chunks = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, stream=True, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
