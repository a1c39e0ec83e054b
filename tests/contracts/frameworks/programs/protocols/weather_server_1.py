"""The server with one tool, by the first version of the SDK."""

import sys

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent

mcp = FastMCP("weather", port=int(sys.argv[1]) if sys.argv[1:] else 8000)


@mcp.tool()
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    if city.endswith("gone"):
        raise LookupError("there is no such city")
    return f"It is sunny in {city}."


@mcp.tool()
async def guess_weather(city: str, context: Context) -> str:
    """Have the client's model guess."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text=f"Is it sunny in {city}?"))
    answer = await context.session.create_message(messages=[question], max_tokens=16)
    return answer.content.text


if __name__ == "__main__":
    mcp.run("streamable-http" if sys.argv[1:] else "stdio")
