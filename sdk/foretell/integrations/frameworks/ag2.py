"""AG2: every agent gets the middleware by which it tells of itself."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, native

INTEGRATION = Integration(
    name="ag2",
    title="AG2",
    distribution="ag2",
    module="ag2",
    candidates=(native("foretell.integrations.frameworks.ag2:switch_on", ">=1"),),
)


def switch_on(wiring: Wiring) -> Undo:
    """Have agents that are made from now on tell of their turns, model calls and tools."""
    from ag2.middleware.builtin.telemetry import TelemetryMiddleware  # type: ignore[import-not-found,unused-ignore]  # not in every environment

    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    def make(wrapped: Any, agent: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = list(kwargs.pop("middleware", ()))
        if not any(isinstance(each, TelemetryMiddleware) for each in given):
            name = kwargs.get("name", args[0] if args else None)
            ours = TelemetryMiddleware(
                tracer_provider=wiring.tracer_provider,
                capture_content=wiring.has_content,
                agent_name=name if isinstance(name, str) else None,
            )
            given.insert(0, ours)
        return wrapped(*args, middleware=given, **kwargs)

    return wrap_points([WrapPoint("ag2.agent", "Agent.__init__", make)])
