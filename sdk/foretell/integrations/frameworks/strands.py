"""Strands tells of agents, cycles, models and tools by itself; the model calls come from the provider's client."""

from __future__ import annotations

from foretell.integrations.integration import Integration, unasked

INTEGRATION = Integration(
    name="strands",
    title="Strands",
    distribution="strands-agents",
    module="strands",
    candidates=(unasked(),),
    scopes=("strands.telemetry.tracer",),
)
