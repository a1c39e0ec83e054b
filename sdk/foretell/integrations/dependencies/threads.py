"""Thread pools: what an agent submits belongs to that agent, whichever thread does it."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="threads",
    title="Thread pools",
    distribution="",  # Python's own
    module="concurrent.futures.thread",
    candidates=(
        own("foretell.integrations.dependencies.threads:switch_on"),
        otel(
            "opentelemetry-instrumentation-threading", "opentelemetry.instrumentation.threading:ThreadingInstrumentor"
        ),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Carry what is current into the pool's threads; it is gone again after each call."""
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    return wrap_points([WrapPoint("concurrent.futures.thread", "ThreadPoolExecutor.submit", _submit)])


def _submit(wrapped: Any, pool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from opentelemetry.context import get_current

    from foretell.instrument.carriers import propagate

    if args and get_current():
        args = (propagate(args[0]), *args[1:])
    return wrapped(*args, **kwargs)
