"""The Model Context Protocol: what clients ask and servers answer, as one trace, by 1.x and 2.x of its SDK.

From 2 on the SDK makes spans by itself. Its clients' say neither tool nor outcome, and neither side measures: where we
tell of a request, the SDK's span of it is left out.
"""

from __future__ import annotations

from typing import Any

from foretell.integrations.integration import GatePoint, Integration, Undo, Wiring, openinference, openllmetry, own

_SESSION = "mcp.client.session"
INTEGRATION = Integration(
    name="mcp",
    title="Model Context Protocol",
    distribution="mcp",
    module=_SESSION,
    candidates=(
        own("foretell.integrations.protocols.mcp:switch_on", ">=1.10"),
        openllmetry("mcp", "McpInstrumentor"),
        openinference("mcp", "MCPInstrumentor", ">=1.24"),
    ),
    gates=(GatePoint(_SESSION, "ClientSession.send_request"),),
    scopes=("mcp-python-sdk",),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of requests on both sides, and send the trace along in `_meta`."""
    from foretell.integrations.protocols.mcp_exchanges import Exchanges, silence
    from foretell.integrations.protocols.mcp_transports import Transports
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    exchanges, transports = Exchanges(wiring), Transports()
    return wrap_points(
        (
            WrapPoint("mcp.shared._otel", "_tracer.start_as_current_span", silence, is_needed=False),
            *_point_at_transports(transports),
            *_point_at_clients(exchanges, transports),
            *_point_at_servers(exchanges, transports),
        )
    )


def _point_at_transports(transports: Any) -> list[Any]:
    """Functions stand under each name by which modules have imported them."""
    from foretell.integrations.protocols.mcp_transports import send_silently
    from foretell.integrations.wrapping.points import WrapPoint

    stdio = (
        ("mcp", "stdio_client"),
        ("mcp.client.stdio", "stdio_client"),
        ("mcp", "stdio_server"),
        ("mcp.server.stdio", "stdio_server"),
        ("mcp.server.fastmcp.server", "stdio_server"),
        ("mcp.server.mcpserver.server", "stdio_server"),
    )
    http, transport = "mcp.client.streamable_http", "StreamableHTTPTransport"
    return [
        *(WrapPoint(module, name, transports.around_stdio, is_needed=False) for module, name in stdio),
        WrapPoint("mcp.client.sse", "sse_client", transports.around_sse, is_needed=False),
        WrapPoint(http, f"{transport}.post_writer", transports.around_writer, is_needed=False),
        WrapPoint(http, f"{transport}.terminate_session", send_silently, is_needed=False),
        WrapPoint("mcp.client.stdio", "get_default_environment", hand_down, is_needed=False),
    ]


def _point_at_clients(exchanges: Any, transports: Any) -> list[Any]:
    from foretell.integrations.protocols.mcp_client import ClientSessions
    from foretell.integrations.wrapping.points import WrapPoint

    sessions = ClientSessions(exchanges, transports)
    return [
        WrapPoint(_SESSION, "ClientSession.send_request", sessions.around_request),
        WrapPoint(_SESSION, "ClientSession.send_discover", sessions.around_discovery, is_needed=False),
        # What a server asks its client: for a model's answer, for one of the user's.
        WrapPoint("mcp.server.session", "ServerSession.send_request", sessions.around_request, is_needed=False),
        WrapPoint(_SESSION, "ClientSession.__aenter__", sessions.around_enter),
        WrapPoint(_SESSION, "ClientSession.__aexit__", sessions.around_exit),
    ]


def _point_at_servers(exchanges: Any, transports: Any) -> list[Any]:
    from foretell.integrations.protocols.mcp_server import ServerSessions
    from foretell.integrations.wrapping.points import WrapPoint

    sessions = ServerSessions(exchanges, transports)
    server, manager = "mcp.server.lowlevel.server", "mcp.server.streamable_http_manager"
    return [
        WrapPoint(server, "Server.run", sessions.around_session, is_needed=False),
        WrapPoint(manager, "serve_loop", sessions.around_session, is_needed=False),
        WrapPoint(server, "Server._handle_request", sessions.around_request, is_needed=False),
        WrapPoint("mcp.server.session", "ServerSession._received_request", sessions.around_handshake, is_needed=False),
        WrapPoint(_SESSION, "ClientSession._received_request", sessions.around_request, is_needed=False),
        WrapPoint(_SESSION, "ClientSession._on_request", sessions.around_question, is_needed=False),
        WrapPoint("mcp.server._otel", "OpenTelemetryMiddleware.__call__", sessions.around_message, is_needed=False),
    ]


def hand_down(wrapped: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, str]:
    """A server that a client starts gets little of its environment: add what has it recorded too, but no secrets."""
    from foretell.settings import list_handed_down

    return {**wrapped(*args, **kwargs), **list_handed_down()}
