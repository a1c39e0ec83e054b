"""An agent that asks services which answer, refuse or say nothing: `patient.py <client> <address> <silent address>`."""

import asyncio
import sys
from typing import TypedDict

from langgraph.graph import END, START, StateGraph

client, address, silent = sys.argv[1:]
ADDRESSES = [f"{address}/log", f"{address}/Zyxopath?key=Zyxokey", *[f"{silent}/"] * 4]
TIMEOUT_S = 0.1


async def by_httpx(url):
    import httpx

    async with httpx.AsyncClient(timeout=TIMEOUT_S if silent in url else 20) as session:
        return (await session.get(url)).status_code


async def by_requests(url):
    import requests

    return requests.get(url, timeout=TIMEOUT_S if silent in url else 20).status_code


async def by_aiohttp(url):
    import aiohttp

    limit = aiohttp.ClientTimeout(total=TIMEOUT_S if silent in url else 20)
    async with aiohttp.ClientSession(timeout=limit) as session, session.get(url) as answered:
        return answered.status


class State(TypedDict):
    said: list[str]


async def call(state: State):
    said = []
    for url in ADDRESSES:
        try:
            said.append(str(await globals()[f"by_{client}"](url)))
        except Exception as error:
            said.append(type(error).__name__)
    return {"said": said}


async def ask():
    await globals()[f"by_{client}"](ADDRESSES[0])  # before there is an agent
    return await graph.ainvoke({"said": []})


builder = StateGraph(State)
builder.add_node("asks", call)
builder.add_edge(START, "asks")
builder.add_edge("asks", END)
graph = builder.compile(name="patient_graph")
print("answered", *asyncio.run(ask())["said"])
