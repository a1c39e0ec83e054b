"""A client of the Model Context Protocol, which starts its server."""

import sys
from pathlib import Path

from cases import play
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

SERVER = str(Path(__file__).with_name("weather_server.py"))


async def asynchronous(question):
    server = StdioServerParameters(command=sys.executable, args=[SERVER])
    async with Client(stdio_client(server)) as client:
        await client.list_tools()
        result = await client.call_tool("get_weather", {"city": question.rstrip("?").split()[-1]})
        if result.is_error:
            raise RuntimeError("the tool failed")
        return result.content[0].text


play(**{"async": asynchronous, "error": asynchronous})
