"""A server of the Model Context Protocol with one tool, on standard input and output."""

from mcp.server import MCPServer

mcp = MCPServer("weather")


@mcp.tool()
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    if city.endswith("gone"):
        raise LookupError("there is no such city")
    return f"It is sunny in {city}."


if __name__ == "__main__":
    mcp.run()
