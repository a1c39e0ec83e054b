"""Thread pools: what an agent submits belongs to that agent, whichever thread does it."""

from __future__ import annotations

from functools import wraps
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
    from concurrent.futures import ThreadPoolExecutor

    from opentelemetry.context import get_current

    from foretell.instrument.carriers import propagate
    from foretell.integrations.wrapping.patching import put_wrapper

    before: Any = ThreadPoolExecutor.submit

    # Every program has pools: loading `wrapt` for this one wrapper would cost each of them more than all else here.
    @wraps(before)
    def submit(pool: Any, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        return before(pool, propagate(work) if get_current() and callable(work) else work, *args, **kwargs)

    return put_wrapper(ThreadPoolExecutor, "submit", before, submit)
