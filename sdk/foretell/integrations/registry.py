"""The table of frameworks: each name that users type, and the file that holds what is particular about it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from foretell.errors import SettingError
from foretell.integrations.integration import Integration
from foretell.setting_sources import suggest

FILES: dict[str, str] = {
    "openai": "clients.openai",
    "anthropic": "clients.anthropic",
    "google-genai": "clients.google_genai",
    "bedrock": "clients.bedrock",
    "mistral": "clients.mistral",
    "cohere": "clients.cohere",
    "groq": "clients.groq",
    "litellm": "clients.litellm",
    "ollama": "clients.ollama",
    "mcp": "protocols.mcp",
    "langchain": "frameworks.langchain",
    "langgraph": "frameworks.langgraph",
    "openai-agents": "frameworks.openai_agents",
    "pydantic-ai": "frameworks.pydantic_ai",
    "llama-index": "frameworks.llama_index",
    "agno": "frameworks.agno",
    "smolagents": "frameworks.smolagents",
    "dspy": "frameworks.dspy",
    "crewai": "frameworks.crewai",
    "ag2": "frameworks.ag2",
    "autogen": "frameworks.autogen",
    "strands": "frameworks.strands",
    "google-adk": "frameworks.google_adk",
    "agent-framework": "frameworks.agent_framework",
    "claude-agent-sdk": "frameworks.claude_agent_sdk",
    "threads": "dependencies.threads",
    "httpx": "dependencies.httpx_client",
    "requests": "dependencies.requests_client",
    "aiohttp": "dependencies.aiohttp_client",
    "starlette": "dependencies.starlette_server",
    "flask": "dependencies.flask_server",
    "celery": "dependencies.celery_tasks",
    "chroma": "dependencies.chroma",
    "qdrant": "dependencies.qdrant",
    "milvus": "dependencies.milvus",
}
"""Name → file of this room. Clients come first: what is on already is not switched on again for a framework."""

AUTO, NONE = "auto", "none"


def find_integration(name: str) -> Integration:
    """The integration of that name; SettingError with the nearest name where there is none."""
    file = FILES.get(name) or FILES.get(name.replace("_", "-"))
    if file is None:
        raise SettingError(f"There is no integration {name!r}.{suggest(name, FILES)}")
    found: Integration = import_module(f"foretell.integrations.{file}").INTEGRATION
    return found


def list_integrations() -> list[Integration]:
    """Every integration there is."""
    return [find_integration(name) for name in FILES]


def list_subjects() -> list[Integration]:
    """Those whose import means that there may be an agent: what agents only use is imported by other programs too."""
    return [find_integration(name) for name, file in FILES.items() if not file.startswith("dependencies.")]


def list_distributions() -> set[str]:
    """Every distribution of an instrumentor that we choose among."""
    return {
        candidate.distribution for one in list_integrations() for candidate in one.candidates if candidate.distribution
    }


def select_integrations(wanted: Iterable[str], off: Iterable[str] = ()) -> list[Integration]:
    """Those that the settings name: `auto` stands for all, `none` for none; `*` in `off` leaves all alone."""
    names, without = list(wanted), {name.replace("_", "-") for name in off}
    if "*" in without:
        return []
    found = list_integrations() if AUTO in names else []
    found += [find_integration(name) for name in names if name not in (AUTO, NONE)]
    return [one for one in {one.name: one for one in found}.values() if one.name not in without]
