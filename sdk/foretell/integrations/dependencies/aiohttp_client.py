"""aiohttp's client: requests of agents, by its own tracing."""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

INTEGRATION = Integration(
    name="aiohttp",
    title="aiohttp",
    distribution="aiohttp",
    module="aiohttp",
    candidates=(
        # OpenTelemetry's tells the requests of model clients, too.
        own("foretell.integrations.dependencies.aiohttp_client:switch_on", ">=3.8"),
        otel(
            "opentelemetry-instrumentation-aiohttp-client",
            "opentelemetry.instrumentation.aiohttp_client:AioHttpClientInstrumentor",
        ),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Have each session that is made from now on tell of what it sends."""
    import aiohttp

    from foretell.integrations.wrapping.http_calls import HttpCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = HttpCalls(wiring)
    trace = aiohttp.TraceConfig()

    async def start(session: Any, about: Any, sent: Any) -> None:
        about.call = calls.open(sent.method, sent.url, sent.headers)

    async def end(session: Any, about: Any, answered: Any) -> None:
        if about.call is not None:
            about.call.answer(answered.response.status)

    async def fail(session: Any, about: Any, failed: Any) -> None:
        if about.call is not None:
            about.call.fail(failed.exception)

    trace.on_request_start.append(start)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(fail)

    def make(wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return wrapped(*args, **{**kwargs, "trace_configs": [*(kwargs.get("trace_configs") or ()), trace]})

    return wrap_points([WrapPoint("aiohttp", "ClientSession.__init__", make)])
