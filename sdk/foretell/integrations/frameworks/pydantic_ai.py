"""Pydantic AI tells of itself; it only has to be asked, for all agents at once."""

from __future__ import annotations

from foretell.integrations.integration import Integration, Undo, Wiring, native

INTEGRATION = Integration(
    name="pydantic-ai",
    title="Pydantic AI",
    distribution="pydantic-ai-slim",
    module="pydantic_ai",
    # Before 2 its spans do not say what they are, and hold contents under names of anybody's.
    candidates=(native("foretell.integrations.frameworks.pydantic_ai:switch_on", ">=2"),),
)


def switch_on(wiring: Wiring) -> Undo:
    """Have every agent tell of its runs, model calls and tools, unless the program has said how itself."""
    from pydantic_ai import Agent
    from pydantic_ai.models.instrumented import InstrumentationSettings

    # The public setter has no getter beside it; what was there must be known to be put back.
    before = getattr(Agent, "_instrument_default", False)
    if before:
        return lambda: None
    settings = InstrumentationSettings(
        tracer_provider=wiring.tracer_provider,
        meter_provider=wiring.meter_provider,
        include_content=wiring.has_content,
        include_binary_content=False,
    )
    Agent.instrument_all(settings)

    def undo() -> None:
        if getattr(Agent, "_instrument_default", None) is settings:  # and not what the program said meanwhile
            Agent.instrument_all(before)

    return undo
