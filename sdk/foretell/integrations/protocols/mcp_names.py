"""The conventions' names for the Model Context Protocol, beside those of tools."""

from __future__ import annotations

METHOD = "mcp.method.name"
PROTOCOL_VERSION = "mcp.protocol.version"
SESSION_ID = "mcp.session.id"
RESOURCE_URI = "mcp.resource.uri"
PROMPT_NAME = "gen_ai.prompt.name"
REQUEST_ID = "jsonrpc.request.id"
STATUS_CODE = "rpc.response.status_code"
TRANSPORT = "network.transport"
NETWORK_PROTOCOL = "network.protocol.name"
NETWORK_VERSION = "network.protocol.version"
CLIENT_ADDRESS = "client.address"
CLIENT_PORT = "client.port"

TOOL_ERROR = "tool_error"
"""`error.type` where a tool says in its result that it failed."""
ASKED_WRONGLY = frozenset((-32700, -32600, -32601, -32602, -32002))
"""Codes of JSON-RPC that are the client's mistake: a server that gives one has not failed."""
