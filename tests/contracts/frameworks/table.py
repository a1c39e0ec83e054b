"""All contracts."""

from __future__ import annotations

from tests.contracts.frameworks.agents import AGENTS
from tests.contracts.frameworks.clients import CLIENTS

CONTRACTS = (*AGENTS, *CLIENTS)
