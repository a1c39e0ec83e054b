"""A client of the Model Context Protocol by the first version of its SDK."""

import sys
from pathlib import Path

from cases import play
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SERVER = str(Path(__file__).with_name("weather_server_1.py"))


async def asynchronous(question):
    server = StdioServerParameters(command=sys.executable, args=[SERVER])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        result = await session.call_tool("get_weather", {"city": question.rstrip("?").split()[-1]})
        if result.isError:
            raise RuntimeError("the tool failed")
        return result.content[0].text


play(**{"async": asynchronous, "error": asynchronous})
