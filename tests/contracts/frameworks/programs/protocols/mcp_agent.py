"""An agent that uses tools of a server, by either version of the protocol's SDK: over pipes, or over HTTP."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

from cases import play
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

import foretell

try:
    from mcp import Client
    from mcp_types import CreateMessageResult, TextContent
except ImportError:
    Client = None
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client
    from mcp.types import CreateMessageResult, TextContent

SERVER = str(Path(__file__).with_name("weather_server.py" if Client else "weather_server_1.py"))


@contextlib.asynccontextmanager
async def connect(transport, answer=None):
    """A session, begun; `answer` is what answers for the model, where the server may ask that."""
    if Client:
        async with Client(transport, sampling_callback=answer, mode="legacy" if answer else "auto") as client:
            yield client
        return
    async with transport as streams, ClientSession(streams[0], streams[1], sampling_callback=answer) as session:
        await session.initialize()
        yield session


@contextlib.contextmanager
def serving():
    """A server of HTTP in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, SERVER, str(port)])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(port):
    """Return when somebody answers there."""
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("the server has not started")


@foretell.instrument_agent(name="weather_agent")
async def ask(transport, question):
    """Ask for two cities side by side, and for one that does not exist."""
    city = question.rstrip("?").split()[-1]
    async with connect(transport) as session:
        await session.list_tools()
        names = (city, f"{city}north")
        answers = await asyncio.gather(*(session.call_tool("get_weather", {"city": name}) for name in names))
        await session.call_tool("get_weather", {"city": f"{city}gone"})
    return " ".join(answer.content[0].text for answer in answers)


async def over_stdio(question):
    return await ask(stdio_client(StdioServerParameters(command=sys.executable, args=[SERVER])), question)


async def over_http(question):
    with serving() as url:
        return await ask(url if Client else streamablehttp_client(url), question)


@foretell.instrument_llm
async def guess():
    """A model that always says the same."""
    return "It is sunny."


async def answer(context, params):
    return CreateMessageResult(role="assistant", content=TextContent(type="text", text=await guess()), model="guess")


@foretell.instrument_agent(name="asked_agent")
async def asked_back(question):
    """Use a tool that asks back."""
    server = stdio_client(StdioServerParameters(command=sys.executable, args=[SERVER]))
    async with connect(server, answer) as session:
        result = await session.call_tool("guess_weather", {"city": question.rstrip("?").split()[-1]})
        return result.content[0].text


@foretell.instrument_agent(name="looping_agent")
async def loop(transport, city):
    """Ask the same again and again, until that is refused; then see whether anything goes through."""
    async with connect(transport) as session:
        for _ in range(200):
            try:
                await session.call_tool("get_weather", {"city": city})
            except foretell.RunHalted:
                break
            await asyncio.sleep(0.02)
        else:
            return "never refused"
        try:
            await session.list_tools()
        except foretell.RunHalted:
            return "refused"
        return "refused once"


async def looping(question):
    server = stdio_client(StdioServerParameters(command=sys.executable, args=[SERVER]))
    return await loop(server, question.rstrip("?").split()[-1])


if __name__ == "__main__":
    play(over_stdio=over_stdio, over_http=over_http, asked_back=asked_back, looping=looping)
