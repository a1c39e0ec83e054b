"""LiteLLM's completion, with a tool."""

import json

from cases import play
from litellm import acompletion, completion

MODEL = "openai/gpt-4o-mini"
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
    messages = [{"role": "user", "content": question}]
    use_tools(messages, completion(model=MODEL, messages=messages, tools=TOOLS).choices[0].message)
    return completion(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content


async def asynchronous(question):
    messages = [{"role": "user", "content": question}]
    use_tools(messages, (await acompletion(model=MODEL, messages=messages, tools=TOOLS)).choices[0].message)
    return (await acompletion(model=MODEL, messages=messages, tools=TOOLS)).choices[0].message.content


def stream(question):
    messages = [{"role": "user", "content": question}]
    use_tools(messages, completion(model=MODEL, messages=messages, tools=TOOLS).choices[0].message)
    chunks = completion(
        model=MODEL, messages=messages, tools=TOOLS, stream=True, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
