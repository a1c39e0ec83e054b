"""Cohere's chat, with a tool."""

import json

import cohere
from cases import play

MODEL = "command-a-03-2025"
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
        result = get_weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


def plain(question):
    client = cohere.ClientV2()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, client.chat(model=MODEL, messages=messages, tools=TOOLS).message)
    return client.chat(model=MODEL, messages=messages, tools=TOOLS).message.content[0].text


async def asynchronous(question):
    client = cohere.AsyncClientV2()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, (await client.chat(model=MODEL, messages=messages, tools=TOOLS)).message)
    return (await client.chat(model=MODEL, messages=messages, tools=TOOLS)).message.content[0].text


def stream(question):
    client = cohere.ClientV2()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, client.chat(model=MODEL, messages=messages, tools=TOOLS).message)
    events = client.chat_stream(model=MODEL, messages=messages, tools=TOOLS)
    return "".join(event.delta.message.content.text for event in events if event.type == "content-delta")


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
