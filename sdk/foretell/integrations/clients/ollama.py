"""Ollama's client: chat, generation, streams and embeddings."""

from __future__ import annotations

from foretell.integrations.integration import GatePoint, Integration, openllmetry

INTEGRATION = Integration(
    name="ollama",
    title="Ollama",
    distribution="ollama",
    module="ollama",
    candidates=(openllmetry("ollama", "OllamaInstrumentor"),),
    # Its functions (`ollama.chat`) are methods that were bound at import: they meet only what those call.
    gates=tuple(GatePoint("ollama", f"{kind}Client._request") for kind in ("", "Async")),
)
