"""The five most used, in the lowest version that is supported; the other contracts take the highest."""

from __future__ import annotations

from dataclasses import replace

from tests.contracts.frameworks.agents import AGENTS, WORKFLOW
from tests.contracts.frameworks.clients import CLIENTS
from tests.contracts.frameworks.contract import Contract, Family, Sort, fail

PINS = {
    "openai": ("openai==1.26.0", "httpx<0.28"),  # newer ones take an argument away that it gives
    "anthropic": ("anthropic==0.51.0",),
    "langchain": ("langchain==1.0.0", "langgraph==1.0.0", "langchain-openai==1.0.0"),
    "openai-agents": ("openai-agents==0.3.3",),
    "pydantic-ai": ("pydantic-ai-slim[openai]==2.0.0",),
}
TREES = {"openai-agents": {"error": fail(WORKFLOW, 4)}}  # an agent's error is not told before 0.4


def _lower(contract: Contract) -> Contract:
    name = f"{contract.name}-lowest"
    return replace(
        contract,
        name=name,
        title=f"{contract.title}, lowest",
        sort=Sort.LOWEST,
        family=Family(name, PINS[contract.name], contract.family.extras),
        trees=TREES.get(contract.name, contract.trees),
    )


LOWEST = tuple(_lower(contract) for contract in (*AGENTS, *CLIENTS) if contract.name in PINS)
