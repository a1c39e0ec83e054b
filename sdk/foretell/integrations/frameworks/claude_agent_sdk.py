"""Claude's Agent SDK: what it says about each turn; the model calls are made in a program of its own."""

from __future__ import annotations

from foretell.integrations.integration import Integration, openinference

INTEGRATION = Integration(
    name="claude-agent-sdk",
    title="Claude Agent SDK",
    distribution="claude-agent-sdk",
    module="claude_agent_sdk",
    candidates=(openinference("claude-agent-sdk", "ClaudeAgentSDKInstrumentor", ">=0.1.45"),),
)
