"""A server of the Model Context Protocol with one tool, on standard input and output, or on HTTP at the port that is given."""

import sys

from mcp.server import MCPServer

mcp = MCPServer("weather")


@mcp.tool()
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    if city.endswith("gone"):
        raise LookupError("there is no such city")
    return f"It is sunny in {city}."


if __name__ == "__main__":
    if sys.argv[1:]:
        mcp.run("streamable-http", port=int(sys.argv[1]))
    else:
        mcp.run()
