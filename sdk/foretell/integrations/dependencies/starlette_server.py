"""Starlette and FastAPI: what a service does for an agent belongs to that agent's run."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="starlette",
    title="Starlette and FastAPI",
    distribution="starlette",
    module="starlette.applications",
    candidates=(
        own("foretell.integrations.dependencies.starlette_server:switch_on", ">=0.27"),
        otel("opentelemetry-instrumentation-fastapi", "opentelemetry.instrumentation.fastapi:FastAPIInstrumentor"),
        otel(
            "opentelemetry-instrumentation-starlette",
            "opentelemetry.instrumentation.starlette:StarletteInstrumentor",
        ),
    ),
)

_NAMES = (b"traceparent", b"tracestate", b"baggage")


def switch_on(wiring: Wiring) -> Undo:
    """Go on with the run that a request brings along."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    return wrap_points([WrapPoint("starlette.applications", "Starlette.__call__", _serve)])


def _serve(wrapped: Any, application: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    scope = args[0] if args else kwargs.get("scope", {})
    sent = {name.decode(): value.decode("latin-1") for name, value in scope.get("headers") or () if name in _NAMES}
    return _go_on(wrapped(*args, **kwargs), sent) if sent else wrapped(*args, **kwargs)


async def _go_on(serving: Any, sent: dict[str, str]) -> None:
    from foretell.integrations.wrapping.carrying import joined

    with joined(sent):
        await serving
