"""Environments of what stands around agents: launchers, queues, services, HTTP clients and vector stores."""

from __future__ import annotations

from tests.contracts.frameworks.contract import Family

LAUNCHERS = Family(
    "launchers",
    (
        "langgraph>=1,<2",
        "langchain-openai>=1,<2",
        "gunicorn>=23,<27",
        "uvicorn>=0.34,<1",
        "fastapi>=0.115,<1",
        "flask>=3,<4",
        "celery>=5.4,<6",
        "pytest>=8,<10",
        "nbconvert>=7.16,<8",
        "ipykernel>=6.29,<8",
        "requests>=2.32,<3",
        "aiohttp>=3.11,<4",
    ),
    ("langchain", "openai"),
)
"""What starts agents' programs, and what those ask: one small environment for all."""

STORES = Family(
    "stores",
    ("openai>=1.26,<4", "chromadb>=1,<2", "qdrant-client>=1.12,<2", "pymilvus[milvus-lite]>=2.5,<4"),
    ("openai",),
)
"""Vector stores that need no server."""
