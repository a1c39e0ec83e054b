"""Claude's Agent SDK: its model calls are made in a program that it brings along, and told by the messages of that."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from foretell.integrations.integration import Integration, Undo, Wiring, openinference, own

INTEGRATION = Integration(
    name="claude-agent-sdk",
    title="Claude Agent SDK",
    distribution="claude-agent-sdk",
    module="claude_agent_sdk",
    candidates=(
        # OpenInference's leaves out model calls, and closes contexts where they were not opened.
        own("foretell.integrations.frameworks.claude_agent_sdk:switch_on", ">=0.1.45"),
        openinference("claude-agent-sdk", "ClaudeAgentSDKInstrumentor", ">=0.1.45"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of each answer as an agent, with the model calls and tools in it."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    listeners = Listeners(wiring)
    private = "claude_agent_sdk._internal.query"
    return wrap_points(
        (
            WrapPoint("claude_agent_sdk", "query", listeners.around_query),
            WrapPoint("claude_agent_sdk.client", "ClaudeSDKClient.query", listeners.note_prompt),
            WrapPoint("claude_agent_sdk.client", "ClaudeSDKClient.receive_response", listeners.around_response),
            WrapPoint(private, "Query._handle_sdk_mcp_request", listeners.inside_tool, is_needed=False),
        )
    )


class Listeners:
    """Wraps what programs call."""

    def __init__(self, wiring: Wiring) -> None:
        """Tell by the tracers in `wiring`."""
        self._wiring = wiring
        self._prompts: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._turns: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def around_query(self, wrapped: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """One question without a client of its own."""
        from foretell.integrations.frameworks.claude_turns import Turns, follow

        return follow(wrapped(*args, **kwargs), Turns(self._wiring, kwargs.get("prompt")))

    def note_prompt(self, wrapped: Any, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What is asked is told with the answer."""
        self._prompts[client] = kwargs.get("prompt", args[0] if args else None)
        return wrapped(*args, **kwargs)

    def around_response(self, wrapped: Any, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The messages of one answer."""
        from foretell.integrations.frameworks.claude_turns import Turns, follow

        turns = Turns(self._wiring, self._prompts.pop(client, None))
        query = getattr(client, "_query", None)
        if query is not None:
            self._turns[query] = turns
        return follow(wrapped(*args, **kwargs), turns)

    async def inside_tool(self, wrapped: Any, query: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A tool of the program's own runs where the model has asked for it, not where the program connected."""
        from opentelemetry.context import attach, detach

        turns = self._turns.get(query)
        message = kwargs.get("message", args[-1] if args else None)
        if turns is None or not isinstance(message, dict) or message.get("method") != "tools/call":
            return await wrapped(*args, **kwargs)
        token = attach(turns.context)
        try:
            return await wrapped(*args, **kwargs)
        finally:
            detach(token)
