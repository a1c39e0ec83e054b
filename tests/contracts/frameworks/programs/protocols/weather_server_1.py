"""The server with one tool, by the first version of the SDK."""

import sys

from mcp.server.fastmcp import FastMCP

mcp = FastMCP("weather", port=int(sys.argv[1]) if sys.argv[1:] else 8000)


@mcp.tool()
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    if city.endswith("gone"):
        raise LookupError("there is no such city")
    return f"It is sunny in {city}."


if __name__ == "__main__":
    mcp.run("streamable-http" if sys.argv[1:] else "stdio")
