"""A service goes on with the run that a request brings along, and is as ever where none does."""

from __future__ import annotations

import pytest
from opentelemetry import baggage
from opentelemetry.trace import get_current_span
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from foretell.integrations.dependencies.starlette_server import switch_on

SENT = {"traceparent": f"00-{1:032x}-{2:016x}-01", "baggage": f"foretell.run.id={3:016x}"}


def answer(request):
    context = get_current_span().get_span_context()
    return JSONResponse([context.trace_id, context.span_id, baggage.get_baggage("foretell.run.id")])


@pytest.fixture
def client(world):
    undo = switch_on(world.wiring)
    with TestClient(Starlette(routes=[Route("/", answer)])) as client:
        yield client
    undo()


@pytest.mark.parametrize(
    ("headers", "expected"), [(SENT, [1, 2, f"{3:016x}"]), ({}, [0, 0, None]), ({"baggage": "a=b"}, [0, 0, None])]
)
def test_it_goes_on_with_what_was_sent(client, headers, expected):
    assert expected == client.get("/", headers=headers).json()
    assert 0 == get_current_span().get_span_context().span_id
