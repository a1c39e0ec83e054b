"""The agent's two turns, for every program: ask, use the tool, ask again."""

import json
import os

WEATHER_URL = os.environ["OPENAI_BASE_URL"].replace("/v1", "/log")
"""Something that answers."""
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


def ask(client, question, use_tool, *, is_stream=False):
    messages = [{"role": "user", "content": question}]
    message = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message
    messages.append(message)
    for call in message.tool_calls:
        told = use_tool(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": told})
    if not is_stream:
        return client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content
    chunks = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, stream=True, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
