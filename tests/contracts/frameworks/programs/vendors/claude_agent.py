"""Claude's Agent SDK, which is asynchronous and has its model calls made by the program it brings along."""

from cases import play
from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    ResultMessage,
    TextBlock,
    create_sdk_mcp_server,
    tool,
)


@tool("get_weather", "Get the current weather in a city", {"city": str})
async def get_weather(arguments):
    return {"content": [{"type": "text", "text": f"It is sunny in {arguments['city']}."}]}


OPTIONS = ClaudeAgentOptions(
    model="claude-haiku-4-5",
    system_prompt="Answer questions about the weather.",
    mcp_servers={"weather": create_sdk_mcp_server("weather", tools=[get_weather])},
    tools=[],
    allowed_tools=["mcp__weather__get_weather"],
    setting_sources=[],
)


async def asynchronous(question):
    answer = ""
    async with ClaudeSDKClient(OPTIONS) as client:
        await client.query(question)
        async for message in client.receive_response():
            if isinstance(message, AssistantMessage):
                answer = "".join(block.text for block in message.content if isinstance(block, TextBlock))
            if isinstance(message, ResultMessage) and message.is_error:
                raise RuntimeError(message.subtype)
    return answer


play(**{"async": asynchronous, "error": asynchronous})
