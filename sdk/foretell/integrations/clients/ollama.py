"""Ollama's client: chat, generation, streams and embeddings."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, openllmetry

INTEGRATION = Integration(
    name="ollama",
    title="Ollama",
    distribution="ollama",
    module="ollama",
    candidates=(openllmetry("ollama", "OllamaInstrumentor"),),
    gates=tuple(
        GatePoint("ollama", f"{kind}Client.{method}") for method in ("chat", "generate") for kind in ("", "Async")
    ),
)
