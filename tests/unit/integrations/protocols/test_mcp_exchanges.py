"""One MCP request and its answer: what spans and metrics say of it, and whose span it is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode

from foretell.export.metrics.measures import MEASURES
from foretell.export.metrics.registry import Metrics
from foretell.integrations.integration import Wiring
from foretell.integrations.protocols.mcp_exchanges import Exchanges, silence
from foretell.integrations.protocols.mcp_requests import Asked, Peer, describe
from foretell.semconv.conformance import check_span

CALL = describe("tools/call", {"name": "get_weather", "arguments": {"city": "Paris"}})
SERVER = Peer("2025-11-25", "s-1", "tcp", "http", None, "mcp.example", 443)
CLIENT = Peer("2025-11-25", None, "pipe", is_server=False)


class ProtocolError(Exception):
    """As the SDK raises it."""

    def __init__(self, code):
        super().__init__("no")
        self.error = SimpleNamespace(code=code)


@pytest.fixture(autouse=True)
def _nothing_waits():
    MEASURES.clear()
    yield
    MEASURES.clear()


@pytest.fixture
def world():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def make(*, has_content=True):
        return Exchanges(Wiring(provider, NoOpMeterProvider(), has_content))

    return SimpleNamespace(make=make, spans=exporter.get_finished_spans)


def measured():
    """Name and labels of what was measured, each once."""
    metrics = Metrics(lambda: 1)
    MEASURES.observe(metrics, 1)
    return [(found.name, dict(point.attributes)) for found in metrics.read(2) for point in found.points]


def test_a_client_says_what_it_asked_whom(world):
    exchange = world.make().open(CALL, SERVER, SpanKind.CLIENT)
    exchange.finish({"content": "sunny"})

    (span,) = world.spans()
    shared = {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "mcp.protocol.version": "2025-11-25",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "server.address": "mcp.example",
        "server.port": 443,
    }
    contents = {
        "gen_ai.tool.call.arguments": '{"city":"Paris"}',
        "gen_ai.tool.call.result": '{"content":"sunny"}',
    }
    assert "tools/call get_weather" == span.name
    assert {**shared, **contents, "mcp.session.id": "s-1"} == dict(span.attributes)
    assert [("mcp.client.operation.duration", shared)] == measured()
    told = {**span.attributes, "foretell.run.id": "1" * 16}
    assert [] == check_span(name=span.name, kind="client", attributes=told, may_have_content=True)


def test_a_tool_that_says_it_failed_has(world):
    """No exception comes of it, in either version's spelling."""
    for result in ({"isError": True}, SimpleNamespace(isError=True), SimpleNamespace(is_error=True)):
        world.make().open(CALL, CLIENT, SpanKind.SERVER).finish(result)

    assert [("tool_error", StatusCode.ERROR)] * 3 == [
        (span.attributes["error.type"], span.status.status_code) for span in world.spans()
    ]
    assert "tool_error" == measured()[0][1]["error.type"]


@pytest.mark.parametrize(("kind", "is_error"), [(SpanKind.CLIENT, True), (SpanKind.SERVER, False)])
def test_what_the_client_asks_wrongly_is_no_failure_of_the_server(world, kind, is_error):
    world.make().open(CALL, CLIENT, kind).fail(ProtocolError(-32602))

    (span,) = world.spans()
    assert "-32602" == span.attributes["rpc.response.status_code"]
    assert is_error == (span.attributes.get("error.type") == "-32602")
    assert is_error == (span.status.status_code is StatusCode.ERROR)


def test_a_servers_own_fault_is(world):
    world.make().open(CALL, CLIENT, SpanKind.SERVER).refuse(-32603, "broken")

    (span,) = world.spans()
    assert "-32603" == span.attributes["error.type"]
    assert StatusCode.ERROR is span.status.status_code


def test_an_answer_counts_once(world):
    """A handler that has answered may still be cancelled."""
    exchange = world.make().open(CALL, CLIENT, SpanKind.SERVER)
    exchange.finish({})
    exchange.fail(TimeoutError())

    (span,) = world.spans()
    assert "error.type" not in span.attributes
    assert 1 == len(measured())


def test_without_contents_none_are_read(world):
    world.make(has_content=False).open(CALL, SERVER, SpanKind.CLIENT).finish({"content": "sunny"})

    (span,) = world.spans()
    assert [] == [name for name in span.attributes if name.startswith("gen_ai.tool.call")]


def test_the_sdks_span_of_the_same_request_is_left_out_once(world):
    """Its id of the request is kept; a request that nobody tells of keeps the SDK's span."""
    about = {"mcp.method.name": "tools/call", "jsonrpc.request.id": "7"}
    exchange = world.make().open(CALL, SERVER, SpanKind.CLIENT)

    def make(attributes):
        return silence(lambda **_: "the SDK's", None, (), {"attributes": attributes})

    with exchange.current():
        other = make({"mcp.method.name": "sampling/createMessage"})
        with make(about) as left_out:
            again = make(about)
    exchange.finish(None)

    assert ("the SDK's", INVALID_SPAN, "the SDK's") == (other, left_out, again)
    assert "the SDK's" == make(about)
    assert "7" == world.spans()[0].attributes["jsonrpc.request.id"]


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("tools/call", {"name": "add", "arguments": {"a": 1}}, Asked("tools/call", "add", None, {"a": 1})),
        ("prompts/get", SimpleNamespace(name="greet", arguments=None), Asked("prompts/get", "greet")),
        ("resources/read", {"uri": "file:///x"}, Asked("resources/read", uri="file:///x")),
        ("tools/list", None, Asked("tools/list")),
        ("vendor/own", {"name": "of something else"}, Asked("vendor/own")),
    ],
)
def test_a_request_is_called_by_what_it_concerns(method, params, expected):
    """Parameters come as objects and as mappings; a resource's address is never part of a name."""
    asked = describe(method, params)

    assert expected == asked
    assert method + (f" {expected.name}" if expected.name else "") == asked.span_name
