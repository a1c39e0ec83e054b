"""Whose trace an MCP server goes on with, and whom it thinks it answers."""

from __future__ import annotations

from types import SimpleNamespace

from opentelemetry import baggage
from opentelemetry.context import attach, detach
from opentelemetry.trace import get_current_span

from foretell.integrations.protocols.mcp_requests import Peer
from foretell.integrations.protocols.mcp_server import find_peer, find_trace

OURS, OTHER = "1" * 32, "2" * 32


def parent(trace_id):
    return {"traceparent": f"00-{trace_id}-{'3' * 16}-01"}


def trace_of(context):
    return f"{get_current_span(context).get_span_context().trace_id:032x}"


def test_a_request_brings_its_trace_and_its_run():
    """In version 1 as fields of an object, from 2 on as a mapping."""
    meta = {**parent(OURS), "baggage": "foretell.run.id=abc"}
    found = [find_trace(meta), find_trace(SimpleNamespace(model_extra=meta))]

    assert [(OURS, "abc")] * 2 == [(trace_of(each), baggage.get_baggage("foretell.run.id", each)) for each in found]


def test_what_the_request_says_goes_before_what_http_says():
    assert OURS == trace_of(find_trace(parent(OURS), parent(OTHER)))
    assert OTHER == trace_of(find_trace(None, parent(OTHER)))


def test_over_http_what_is_current_in_a_sessions_task_is_of_its_first_request():
    """A later one that brings nothing begins a trace of its own; over pipes what is current holds."""
    first = find_trace(parent(OTHER))
    token = attach(first)
    try:
        over_http, over_pipes = find_trace(None, {}), find_trace(None)
    finally:
        detach(token)

    assert "0" * 32 == trace_of(over_http)
    assert over_pipes is None


def test_a_client_over_http_is_known_by_its_request():
    """What one request says is not said of the session's others."""
    session = Peer("2025-11-25", is_server=False)
    request = SimpleNamespace(
        headers={"mcp-session-id": "s-1"},
        scope={"http_version": "1.1"},
        client=SimpleNamespace(host="10.0.0.7", port=9),
    )
    peer = find_peer(request, session)

    assert ("s-1", "1.1", {"client.address": "10.0.0.7", "client.port": 9}) == (
        peer.session_id,
        peer.http_version,
        peer.place(),
    )
    assert (None, {}) == (session.session_id, session.place())
    assert "tcp" == session.transport
