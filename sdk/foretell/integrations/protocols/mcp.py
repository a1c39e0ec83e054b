"""The Model Context Protocol: a client's calls of tools, whose servers go on with the same trace.

From 2 on the SDK makes spans by itself: the server's are whole, the client's say neither tool nor outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.integrations.integration import Integration, Undo, Wiring, openinference, openllmetry, own

if TYPE_CHECKING:
    from foretell.integrations.wrapping.local_calls import Described

INTEGRATION = Integration(
    name="mcp",
    title="Model Context Protocol",
    distribution="mcp",
    module="mcp.client.session",
    candidates=(
        own("foretell.integrations.protocols.mcp:switch_on", ">=1.10"),
        openllmetry("mcp", "McpInstrumentor"),
        openinference("mcp", "MCPInstrumentor", ">=1.24"),
    ),
)


def switch_on(wiring: Wiring) -> Undo:
    """Tell of the tools that clients call, and send the trace along in `_meta`."""
    from foretell.integrations.wrapping.local_calls import TOOL, LocalCalls
    from foretell.integrations.wrapping.points import WrapPoint, wrap_points

    calls = LocalCalls(wiring, TOOL, _describe, has_failed=_has_failed, is_remote=True)
    module, path = "mcp.client.session", "ClientSession.call_tool"
    # The inner one runs inside the span that the outer one has made.
    return wrap_points((WrapPoint(module, path, _send_trace), WrapPoint(module, path, calls)))


def _describe(session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Described:
    from foretell.integrations.wrapping.local_calls import Described

    name = kwargs.get("name", args[0] if args else None)
    given = kwargs.get("arguments", args[1] if len(args) > 1 else None)
    return Described(str(name), given, more={"mcp.method.name": "tools/call"})


def _has_failed(result: Any) -> bool:
    return bool(getattr(result, "is_error", False) or getattr(result, "isError", False))


def _send_trace(wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Put the trace and the run where servers look for them; from 2 on the SDK does the same."""
    import inspect

    from opentelemetry.propagate import inject

    if "meta" in inspect.signature(wrapped).parameters:
        meta = dict(kwargs.get("meta") or {})
        inject(meta)
        kwargs = {**kwargs, "meta": meta or None}
    return wrapped(*args, **kwargs)
