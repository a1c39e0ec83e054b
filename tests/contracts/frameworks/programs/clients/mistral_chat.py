"""Mistral's chat, with a tool."""

import json
import os

from cases import play
from mistralai.client import Mistral

MODEL = "mistral-small-latest"
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


def make_client():
    return Mistral(api_key=os.environ["MISTRAL_API_KEY"], server_url=os.environ["MISTRAL_SERVER_URL"])


def use_tools(messages, message):
    messages.append(message)
    for call in message.tool_calls:
        result = get_weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "name": call.function.name, "content": result, "tool_call_id": call.id})


def plain(question):
    client = make_client()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, client.chat.complete(model=MODEL, messages=messages, tools=TOOLS).choices[0].message)
    return client.chat.complete(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content


async def asynchronous(question):
    client = make_client()
    messages = [{"role": "user", "content": question}]
    answer = await client.chat.complete_async(model=MODEL, messages=messages, tools=TOOLS)
    use_tools(messages, answer.choices[0].message)
    answer = await client.chat.complete_async(model=MODEL, messages=messages, tools=TOOLS)
    return answer.choices[0].message.content


def stream(question):
    client = make_client()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, client.chat.complete(model=MODEL, messages=messages, tools=TOOLS).choices[0].message)
    with client.chat.stream(model=MODEL, messages=messages, tools=TOOLS) as events:
        return "".join(event.data.choices[0].delta.content or "" for event in events if event.data.choices)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
