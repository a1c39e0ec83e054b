"""HTTPX: requests of agents, plain and asynchronous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, otel, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.http_calls import HttpCall, HttpCalls

INTEGRATION = Integration(
    name="httpx",
    title="HTTPX",
    distribution="httpx",
    module="httpx",
    candidates=(
        # OpenTelemetry's tells the requests of model clients, too.
        own("foretell.integrations.dependencies.httpx_client:switch_on", ">=0.23"),
        otel("opentelemetry-instrumentation-httpx", "opentelemetry.instrumentation.httpx:HTTPXClientInstrumentor"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of what clients send; redirects are part of it."""
    from foretell.integrations.wrapping.http_calls import HttpCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = HttpCalls(wiring)

    def send(wrapped: Any, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = _open(calls, args, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        with call:
            return call.answered(wrapped(*args, **kwargs))

    def send_async(wrapped: Any, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = _open(calls, args, kwargs)
        return wrapped(*args, **kwargs) if call is None else _await(call, wrapped(*args, **kwargs))

    return wrap_points((WrapPoint("httpx", "Client.send", send), WrapPoint("httpx", "AsyncClient.send", send_async)))


async def _await(call: HttpCall, coroutine: Any) -> Any:
    with call:
        return call.answered(await coroutine)


def _open(calls: HttpCalls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HttpCall | None:
    request = args[0] if args else kwargs.get("request")
    return None if request is None else calls.open(request.method, request.url, request.headers)
