"""LangChain: its callbacks tell of agents, models, tools and retrievers."""

from __future__ import annotations

from foretell.integrations.integration import Candidate, Integration, openinference, openllmetry, otel

# Partner packages import langchain_core piece by piece, and the instrumentor imports langgraph: each must be whole.
FAMILY = ("langchain", "langchain_core", "langgraph", "langgraph_prebuilt")
CANDIDATES: tuple[Candidate, ...] = (
    otel(
        "opentelemetry-instrumentation-genai-langchain",
        "opentelemetry.instrumentation.genai.langchain:LangChainInstrumentor",
    ),
    openllmetry("langchain", "LangchainInstrumentor"),
    openinference("langchain", "LangChainInstrumentor"),
)

INTEGRATION = Integration(
    name="langchain",
    title="LangChain",
    distribution="langchain-core",
    module="langchain_core.callbacks.base",
    family=FAMILY,
    candidates=CANDIDATES,
)
