"""What a request of the Model Context Protocol is about, whichever version of the SDK has made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from foretell.integrations.protocols import mcp_names
from foretell.semconv import genai

TOOL_CALL = "tools/call"
UNTOLD = frozenset(("ping",))
"""Keep-alives would be most of a quiet session's record. Notifications are not told either: nobody waits for them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    name: str | None = None
    """Of the tool or prompt that is asked for."""
    uri: str | None = None
    """Of the resource."""
    arguments: Any = None

    @property
    def span_name(self) -> str:
        """Method and target, as the conventions have it."""
        return f"{self.method} {self.name}" if self.name else self.method

    def labels(self) -> dict[str, str]:
        """What spans and metrics both say of it."""
        labels = {mcp_names.METHOD: self.method}
        if self.method == TOOL_CALL:
            labels[genai.OPERATION] = "execute_tool"
        if self.name:
            labels[genai.TOOL_NAME if self.method == TOOL_CALL else mcp_names.PROMPT_NAME] = self.name
        return labels


@dataclass(slots=True)
class Peer:
    """The other end of a session: how it is reached, and what was agreed on with it."""

    protocol_version: str | None = None
    session_id: str | None = None
    transport: str | None = None
    """`pipe` or `tcp`; None within one process, and where nobody knows."""
    protocol: str | None = None
    """`http` above TCP."""
    http_version: str | None = None
    address: str | None = None
    port: int | None = None
    is_server: bool = True
    """Whether this peer is the one that is asked."""

    def network(self) -> dict[str, str]:
        """What spans and metrics both say of it."""
        found = {
            mcp_names.PROTOCOL_VERSION: self.protocol_version,
            mcp_names.TRANSPORT: self.transport,
            mcp_names.NETWORK_PROTOCOL: self.protocol,
            mcp_names.NETWORK_VERSION: self.http_version,
        }
        return {key: value for key, value in found.items() if value is not None}

    def place(self) -> dict[str, str | int]:
        """Address and port, where both are known."""
        if self.address is None or self.port is None:
            return {}
        if self.is_server:
            return {genai.SERVER_ADDRESS: self.address, genai.SERVER_PORT: self.port}
        return {mcp_names.CLIENT_ADDRESS: self.address, mcp_names.CLIENT_PORT: self.port}


def read_request(request: Any) -> Asked:
    """What a client's or a server's request object asks for; in version 1 it stands in an envelope."""
    request = getattr(request, "root", request)
    return describe(str(request.method), getattr(request, "params", None))


def describe(method: str, params: Any) -> Asked:
    """What a method is asked for with these parameters, an object's or a mapping's."""

    def read(key: str) -> Any:
        return params.get(key) if isinstance(params, Mapping) else getattr(params, key, None)

    name, uri = read("name"), read("uri")
    asked = Asked(method, uri=str(uri) if uri is not None else None)
    if method in (TOOL_CALL, "prompts/get") and isinstance(name, str):
        asked = replace(asked, name=name, arguments=read("arguments"))
    return asked


def is_tool_error(result: Any) -> bool:
    """Whether a tool says in its result that it failed."""
    if isinstance(result, Mapping):
        return result.get("isError") is True
    return bool(getattr(result, "is_error", False) or getattr(result, "isError", False))


def read_code(error: Any) -> int | None:
    """The JSON-RPC code of an error that the SDK raises, or that it answers with."""
    code = getattr(getattr(error, "error", error), "code", None)
    return code if isinstance(code, int) else None


def read_version(result: Any) -> str | None:
    """The version that a handshake's result names."""
    found = getattr(result, "protocolVersion", None) or getattr(result, "protocol_version", None)
    return found if isinstance(found, str) else None


def read_meta(meta: Any) -> Mapping[str, Any]:
    """The `_meta` of a request: in version 1 an object with whatever fields came."""
    if isinstance(meta, Mapping):
        return meta
    return getattr(meta, "model_extra", None) or {}


def add_meta(request: Any, carrier: Mapping[str, str]) -> Any:
    """A copy of a request of version 1 that carries more in its `_meta`; the same one where that cannot be."""
    types: Any = import_module("mcp.types")  # each version has its own
    root = request.root
    params = root.params
    if params is None and root.method.endswith("/list"):
        params = types.PaginatedRequestParams()
    if not carrier or not isinstance(params, types.RequestParams):
        return request
    before = params.meta.model_dump(exclude_none=True) if params.meta is not None else {}
    meta = types.RequestParams.Meta.model_validate({**before, **carrier})
    changed = root.model_copy(update={"params": params.model_copy(update={"meta": meta})})
    return request.model_copy(update={"root": changed})
