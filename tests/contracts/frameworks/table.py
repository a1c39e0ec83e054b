"""All contracts."""

from __future__ import annotations

from tests.contracts.frameworks.agents import AGENTS
from tests.contracts.frameworks.clients import CLIENTS
from tests.contracts.frameworks.lowest import LOWEST
from tests.contracts.frameworks.protocols import PROTOCOLS

CONTRACTS = (*AGENTS, *CLIENTS, *PROTOCOLS, *LOWEST)
