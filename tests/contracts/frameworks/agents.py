"""The contracts of agent frameworks."""

from __future__ import annotations

from typing import Any

from tests.contracts.frameworks.contract import Contract, Family, Sort, agent_tree, fail

TREE = agent_tree()
FAILED = {"error": fail(TREE, 0, 3)}
ASYNC_ONLY = ("stream", "async", "error")
SYNC_ONLY = ("plain", "stream", "error")
OPENAI = "openai>=1.26,<4"


def _nest(outer: str, tree: str) -> str:
    return "\n".join([outer, *(f"  {line}" for line in tree.splitlines())])


def _agents(
    name: str, title: str, program: str, packages: tuple[str, ...], extras: tuple[str, ...], **about: Any
) -> Contract:
    """An agent framework; the record lacks its agents and tools where it is off."""
    family = Family(str(about.pop("family", name)), packages, extras)
    about = {"tree": TREE, "trees": FAILED, "off": (name,), "lost": ("agent", "tool"), **about}
    return Contract(name, title, Sort.AGENTS, family, program, **about)


LANGCHAIN = ("langchain>=1,<2", "langgraph>=1,<2", "langchain-openai>=1,<2")
GRAPH = agent_tree(agent="workflow weather_graph")
WORKFLOW = _nest("workflow Agent workflow", TREE)
CREW = _nest("workflow crew", TREE)
ADK = _nest("workflow weather_agent", agent_tree(llm="llm gemini-2.5-flash"))
BEDROCK = "llm anthropic.claude-3-haiku-20240307-v1:0"
STRANDS = f"""
agent weather_agent
  span execute_event_loop_cycle
    {BEDROCK}
    tool get_weather
  span execute_event_loop_cycle
    {BEDROCK}
"""
SMOL = TREE + "\n  tool final_answer"
AUTOGEN = "span create_agent weather_agent\n" + TREE
AG2 = """
agent weather_agent
  llm gpt-4o-mini
  span record_usage model_call
  tool get_weather
  llm gpt-4o-mini
  span record_usage model_call
"""
CLAUDE = """
agent claude
  llm claude-haiku-4-5
  tool mcp__weather__get_weather
    span tools/call get_weather
  llm claude-haiku-4-5
"""
DSPY = agent_tree(agent="agent dspy.ReAct") + "\n  llm gpt-4o-mini"

AGENTS = (
    _agents(
        "pydantic-ai",
        "Pydantic AI",
        "independent/pydantic_ai_agent",
        ("pydantic-ai-slim[openai]>=2,<3",),
        ("pydantic-ai", "openai"),
    ),
    _agents(
        "openai-agents",
        "OpenAI Agents",
        "vendors/openai_agents",
        ("openai-agents>=0.3.3,<1",),
        ("openai-agents", "openai"),
        tree=WORKFLOW,
        trees={"error": fail(WORKFLOW, 1, 4)},
    ),
    _agents(
        "langchain",
        "LangChain",
        "independent/langchain_agent",
        LANGCHAIN,
        ("langchain", "openai"),
        family="langgraph",
        off=("langchain", "langgraph"),
    ),
    _agents(
        "langgraph",
        "LangGraph",
        "independent/langgraph_graph",
        LANGCHAIN,
        ("langchain", "openai"),
        tree=GRAPH,
        trees={"error": fail(GRAPH, 0, 3)},
        off=("langchain", "langgraph"),
        lost=("workflow", "tool"),
    ),
    _agents(
        "llama-index",
        "LlamaIndex",
        "independent/llama_index_agent",
        ("llama-index-core>=0.14.19,<1", "llama-index-llms-openai>=0.5,<1"),
        ("llama-index", "openai"),
        cases=ASYNC_ONLY,
    ),
    _agents(
        "agno",
        "Agno",
        "independent/agno_agent",
        ("agno>=2,<4", OPENAI),
        ("agno", "openai"),
        trees={"error": fail(TREE, 3)},  # it answers with the error
    ),
    _agents(
        "smolagents",
        "smolagents",
        "independent/smolagents_agent",
        ("smolagents[openai]>=1.24,<2",),
        ("smolagents", "openai"),
        cases=SYNC_ONLY,
        tree=SMOL,
    ),
    _agents(
        "strands",
        "Strands",
        "vendors/strands_agent",
        ("strands-agents>=1,<2",),
        ("strands", "bedrock"),
        tree=STRANDS,
        trees={"error": fail(STRANDS, 0, 4, 5)},
    ),
    _agents(
        "autogen",
        "AutoGen",
        "vendors/autogen_agent",
        ("autogen-agentchat>=0.7,<1", "autogen-ext[openai]>=0.7,<1"),
        ("autogen", "openai"),
        cases=ASYNC_ONLY,
        tree=AUTOGEN,
        trees={"error": fail(AUTOGEN, 1, 4)},
        untold=("stream",),
    ),
    _agents(
        "ag2",
        "AG2",
        "independent/ag2_agent",
        ("ag2[openai,tracing]>=1,<2",),
        ("ag2", "openai"),
        cases=ASYNC_ONLY,
        tree=AG2,
        trees={"error": "\n".join(fail(AG2, 0, 4).splitlines()[:5])},
    ),
    _agents(
        "dspy",
        "DSPy",
        "independent/dspy_react",
        ("dspy>=3.3,<4",),
        ("dspy",),
        tree=DSPY,
        # The last call of a stream is LiteLLM's, by OpenAI's client; with no tokens told, what DSPy says of it counts.
        trees={
            "error": fail(agent_tree(agent="agent dspy.ReAct"), 0, 3),
            "stream": f"{DSPY}\n    step chat gpt-4o-mini\n      step chat gpt-4o-mini",
        },
        tells_streams=False,
        untold=("stream",),
    ),
    _agents(
        "google-adk",
        "Google ADK",
        "vendors/google_adk",
        ("google-adk>=1.20,<3",),
        ("google-adk", "google-genai"),
        cases=ASYNC_ONLY,
        tree=ADK,
        trees={"error": fail(ADK, 0, 1, 4)},
        # Its model calls come from the client underneath, which calls no tools here.
    ),
    _agents(
        "crewai",
        "CrewAI",
        "independent/crewai_crew",
        ("crewai>=1,<2",),
        ("crewai", "openai"),
        tree=CREW,
        trees={"error": fail(CREW, 0, 1, 4)},
    ),
    _agents(
        "claude-agent-sdk",
        "Claude Agent SDK",
        "vendors/claude_agent",
        ("claude-agent-sdk>=0.1.45,<1",),
        ("claude-agent-sdk",),
        cases=("async", "error"),
        tree=CLAUDE,
        lost=("agent", "llm"),  # a server of tools in this process tells of itself
        trees={"error": fail(CLAUDE, 0, 4)},
        is_summed=True,
    ),
    _agents(
        "agent-framework",
        "Microsoft Agent Framework",
        "vendors/agent_framework_agent",
        ("agent-framework-core>=1,<2", "agent-framework-openai>=1,<2"),
        ("agent-framework", "openai"),
        cases=ASYNC_ONLY,
    ),
)
