"""Requests: what agents ask over HTTP."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="requests",
    title="Requests",
    distribution="requests",
    module="requests",
    candidates=(
        # OpenTelemetry's tells the requests of model clients, too.
        own("foretell.integrations.dependencies.requests_client:switch_on", ">=2.20"),
        otel("opentelemetry-instrumentation-requests", "opentelemetry.instrumentation.requests:RequestsInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of what sessions send; redirects are part of it."""
    from foretell.integrations.wrapping.http_calls import HttpCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = HttpCalls(wiring)

    def send(wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = args[0] if args else kwargs.get("request")
        call = None if request is None else calls.open(request.method, request.url, request.headers)
        if call is None:
            return wrapped(*args, **kwargs)
        with call:
            return call.answered(wrapped(*args, **kwargs))

    return wrap_points([WrapPoint("requests", "Session.send", send)])
