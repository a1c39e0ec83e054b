"""OpenAI's responses, with a tool."""

import json

from cases import play
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-4o-mini"
TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "description": "Get the current weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]


def get_weather(city):
    return f"It is sunny in {city}."


def use_tools(items, response):
    items += response.output
    for item in response.output:
        if item.type == "function_call":
            result = get_weather(**json.loads(item.arguments))
            items.append({"type": "function_call_output", "call_id": item.call_id, "output": result})


def plain(question):
    client = OpenAI()
    items = [{"role": "user", "content": question}]
    use_tools(items, client.responses.create(model=MODEL, tools=TOOLS, input=items))
    return client.responses.create(model=MODEL, tools=TOOLS, input=items).output_text


async def asynchronous(question):
    client = AsyncOpenAI()
    items = [{"role": "user", "content": question}]
    use_tools(items, await client.responses.create(model=MODEL, tools=TOOLS, input=items))
    return (await client.responses.create(model=MODEL, tools=TOOLS, input=items)).output_text


def stream(question):
    client = OpenAI()
    items = [{"role": "user", "content": question}]
    with client.responses.stream(model=MODEL, tools=TOOLS, input=items) as events:
        use_tools(items, events.get_final_response())
    events = client.responses.create(model=MODEL, tools=TOOLS, input=items, stream=True)
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
