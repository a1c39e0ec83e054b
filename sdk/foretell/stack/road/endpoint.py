"""Whether programs that are started here would send to this stack."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

LOCAL = frozenset(("localhost", "127.0.0.1", "::1", "[::1]"))
GRPC_PORT = 4317


@dataclass(frozen=True, slots=True)
class EndpointVerdict:
    """What the endpoint that is set here means for this stack."""

    level: str
    """`ok`, `note` or `trouble`."""
    text: str
    advice: str = ""


def judge_endpoint(endpoint: str | None, protocol: str, collector_url: str) -> EndpointVerdict:
    """Compare the endpoint that is set with the collector that was asked."""
    export = f"Type: export OTEL_EXPORTER_OTLP_ENDPOINT={collector_url}"
    if not endpoint:
        return EndpointVerdict("note", "none is set here, so programs started here send nothing", export)
    host, port = _read_host(endpoint)
    own_host, own_port = _read_host(collector_url)
    if host == own_host and port == GRPC_PORT and protocol != "grpc" and own_port != GRPC_PORT:
        text = f"{endpoint} is the port for gRPC, and programs here speak {protocol}"
        return EndpointVerdict("trouble", text, export)
    if host == own_host and port == own_port and protocol == "grpc":
        text = f"{endpoint} is the port for HTTP, and programs here speak gRPC"
        return EndpointVerdict("trouble", text, f"{export.replace(str(own_port), str(GRPC_PORT))}")
    if host == own_host and port in (own_port, GRPC_PORT):
        return EndpointVerdict("ok", f"programs started here send to {endpoint}")
    return EndpointVerdict("note", f"programs started here send to {endpoint}, which is not this stack", export)


def _read_host(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.hostname or ""
    return "127.0.0.1" if host in LOCAL else host, parts.port or (443 if parts.scheme == "https" else 80)
