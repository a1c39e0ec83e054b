"""A server of the Model Context Protocol with one tool, on standard input and output, or on HTTP at the port that is given."""

import sys

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp_types import SamplingMessage, TextContent

mcp = MCPServer("weather")


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
    if sys.argv[1:]:
        mcp.run("streamable-http", port=int(sys.argv[1]))
    else:
        mcp.run()
