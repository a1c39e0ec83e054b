"""Bedrock's converse by boto3, with a tool."""

import boto3
from cases import play

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SPEC = {"name": "get_weather", "description": "Get the current weather in a city", "inputSchema": {"json": SCHEMA}}
TOOLS = {"tools": [{"toolSpec": SPEC}]}


def get_weather(city):
    return f"It is sunny in {city}."


def use_tools(messages, message):
    messages.append(message)
    uses = [block["toolUse"] for block in message["content"] if "toolUse" in block]
    results = [
        {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": get_weather(**use["input"])}]}}
        for use in uses
    ]
    messages.append({"role": "user", "content": results})


def plain(question):
    client = boto3.client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": question}]}]
    answer = client.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS)
    use_tools(messages, answer["output"]["message"])
    answer = client.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS)
    return answer["output"]["message"]["content"][0]["text"]


def stream(question):
    client = boto3.client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": question}]}]
    answer = client.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS)
    use_tools(messages, answer["output"]["message"])
    events = client.converse_stream(modelId=MODEL, messages=messages, toolConfig=TOOLS)["stream"]
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    return "".join(delta.get("text", "") for delta in deltas)


play(plain=plain, stream=stream, error=plain)
