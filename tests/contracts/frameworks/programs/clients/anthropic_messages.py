"""Anthropic's messages, with a tool."""

from anthropic import Anthropic, AsyncAnthropic
from cases import play

MODEL = "claude-sonnet-4-5"
TOOLS = [
    {
        "name": "get_weather",
        "description": "Get the current weather in a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]


def get_weather(city):
    return f"It is sunny in {city}."


def use_tools(messages, message):
    messages.append({"role": "assistant", "content": message.content})
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": get_weather(**block.input)}
        for block in message.content
        if block.type == "tool_use"
    ]
    messages.append({"role": "user", "content": results})


def plain(question):
    client = Anthropic()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages))
    return client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages).content[0].text


async def asynchronous(question):
    client = AsyncAnthropic()
    messages = [{"role": "user", "content": question}]
    use_tools(messages, await client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages))
    message = await client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages)
    return message.content[0].text


def stream(question):
    client = Anthropic()
    messages = [{"role": "user", "content": question}]
    with client.messages.stream(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages) as events:
        use_tools(messages, events.get_final_message())
    with client.messages.stream(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages) as events:
        return "".join(events.text_stream)


play(**{"plain": plain, "stream": stream, "async": asynchronous, "error": plain})
