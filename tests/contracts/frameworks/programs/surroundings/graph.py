"""An agent whose parts run beside each other: `graph.py <question> <part> [<address of a service>]`."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from operator import add
from typing import Annotated, TypedDict

from asking import ask
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph

model = ChatOpenAI(model="gpt-4o-mini")
question, part, *rest = sys.argv[1:]
params = {"question": question}


class State(TypedDict):
    said: Annotated[list[str], add]


async def with_model():
    return (await model.ainvoke(question)).content


async def in_thread():
    return await asyncio.to_thread(ask, question)


async def in_pool():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, [question] * 2))[-1]


async def by_worker():
    from tasks import answer

    return await asyncio.to_thread(answer.delay(question).get, timeout=60, interval=0.05)


async def over_httpx():
    import httpx

    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(rest[0], params=params)).json()["answer"]


async def over_requests():
    import requests

    return (await asyncio.to_thread(requests.get, rest[0], params=params, timeout=60)).json()["answer"]


async def over_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(rest[0], params=params) as answered:
        return (await answered.json())["answer"]


def node(work):
    async def call(state: State):
        return {"said": [await work()]}

    return call


builder = StateGraph(State)
works = [globals()[name] for name in part.split(",")]
for number, work in enumerate(works):
    builder.add_node(f"part{number}", node(work))
    builder.add_edge(START, f"part{number}")
    builder.add_edge(f"part{number}", END)
graph = builder.compile(name="weather_graph")
for said in asyncio.run(graph.ainvoke({"said": []}))["said"]:
    print("answered", said, flush=True)
