"""Flask: what a service does for an agent belongs to that agent's run."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="flask",
    title="Flask",
    distribution="flask",
    module="flask",
    candidates=(
        own("foretell.integrations.dependencies.flask_server:switch_on", ">=2"),
        otel("opentelemetry-instrumentation-flask", "opentelemetry.instrumentation.flask:FlaskInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Go on with the run that a request brings along."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    return wrap_points([WrapPoint("flask", "Flask.__call__", _serve)])


def _serve(wrapped: Any, application: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from foretell.instrument.carriers import NAMES
    from foretell.integrations.wrapping.carrying import joined

    environ = args[0] if args else kwargs.get("environ", {})
    with joined({name: environ[key] for name in NAMES if (key := f"HTTP_{name.upper()}") in environ}):
        return wrapped(*args, **kwargs)
