"""A plain function as agent: it asks a model, uses the tool that the model wants, and asks again."""

from __future__ import annotations

import json
from typing import Any

import foretell

TEMPERATURES = {"Oslo": -3, "Lisbon": 17, "Cairo": 24}


@foretell.instrument_tool
def temperature(city: str) -> int:
    """Return the temperature in a city in °C."""
    return TEMPERATURES[city]


@foretell.instrument_llm(provider="openai")
def ask_model(*, model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer as OpenAI's API would; put your own client call here."""
    results = [message["content"] for message in messages if message["role"] == "tool"]
    if results:
        message = {"role": "assistant", "content": f"It is {results[-1]} °C in Lisbon, so leave your coat at home."}
    else:
        call = {"name": "temperature", "arguments": json.dumps({"city": "Lisbon"})}
        message = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
    reason = "stop" if results else "tool_calls"
    return {
        "id": f"chatcmpl-{len(messages)}",
        "object": "chat.completion",
        "model": f"{model}-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 60 + 20 * len(messages), "completion_tokens": 18, "total_tokens": 78},
    }


@foretell.instrument_agent
def weather_agent(question: str) -> str:
    """Answer a question about the weather."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    while True:
        message = ask_model(model="gpt-4o-mini", messages=messages)["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            return message["content"]
        for call in message["tool_calls"]:
            result = temperature(**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": str(result)})


if __name__ == "__main__":
    foretell.init("weather")
    print(weather_agent("Do I need a coat in Lisbon today?"))
