"""LangGraph: its graphs speak through LangChain's callbacks, so LangChain's instrumentor serves both."""

from __future__ import annotations

from foretell.integrations.frameworks.langchain import CANDIDATES, FAMILY
from foretell.integrations.integration import Integration

INTEGRATION = Integration(
    name="langgraph",
    title="LangGraph",
    distribution="langgraph",
    module="langgraph.pregel",
    family=FAMILY,
    candidates=CANDIDATES,
)
