"""Sending by gRPC to a real server on this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from foretell.export.endpoints import Endpoint
from foretell.export.otlp.spans import encode_span
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.export.transport import Fate, make_transport

grpc = pytest.importorskip("grpc", reason="needs the extra grpc")
pytestmark = pytest.mark.slow
REQUEST = join_request(
    resource_field({"a": 1}), scope_field("s"), [encode_span(1, number, None, "n", 1, 1, 2, {}) for number in (1, 2)]
)


class Server:
    """Takes traces, answers as told."""

    def __init__(self):
        self.answers = []
        self.requests = []
        self._server = grpc.server(ThreadPoolExecutor(1))
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        handlers = {"Export": grpc.unary_unary_rpc_method_handler(self._export)}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def _export(self, body, context):
        code = self.answers.pop(0) if self.answers else None
        if code is not None:
            context.abort(code, "as told")
        self.requests.append((ExportTraceServiceRequest.FromString(body), dict(context.invocation_metadata())))
        answer = ExportTraceServiceResponse()
        answer.partial_success.rejected_spans = 1
        return answer.SerializeToString()

    def close(self):
        """Stop now."""
        self._server.stop(None).wait()


@pytest.fixture
def server():
    """A server until the test ends."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def transport(server):
    """A transport to the server."""
    endpoint = Endpoint(
        f"http://127.0.0.1:{server.port}", {"x-key": "k"}, timeout_s=5, compression="gzip", protocol="grpc"
    )
    transport = make_transport(endpoint, {})
    yield transport
    transport.close()


def test_the_same_bytes_arrive_with_their_headers(server, transport):
    """And what the server rejected is told."""
    answer = transport.send(REQUEST)
    ((request, headers),) = server.requests

    assert (Fate.SENT, 1) == (answer.fate, answer.rejected)
    assert 2 == len(request.resource_spans[0].scope_spans[0].spans)
    assert "k" == headers["x-key"]


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        ("UNAVAILABLE", Fate.UNREACHABLE),
        ("UNAUTHENTICATED", Fate.REFUSED),
        ("RESOURCE_EXHAUSTED", Fate.TOO_LARGE),
    ],
)
def test_each_code_has_its_fate(server, transport, code, fate):
    """Later, never, or in halves."""
    server.answers.append(grpc.StatusCode[code])

    assert (fate, f"grpc_{code.lower()}") == (
        (answer := transport.send(REQUEST, retry=False)).fate,
        answer.reason,
    )


def test_nobody_there_is_unreachable(server, transport):
    """As over HTTP."""
    server.close()

    assert Fate.UNREACHABLE is transport.send(REQUEST, retry=False).fate
