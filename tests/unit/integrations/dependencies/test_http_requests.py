"""Requests of HTTPX: an agent's are told and carry its run, a model client's and everybody else's are left alone."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode

import foretell
from foretell.integrations.dependencies.httpx_client import switch_on
from foretell.integrations.wrapping.carrying import carry_runs, joined

URL = "https://api.example:8443/private?key=k"
ABOUT = {"http.request.method": "GET", "server.address": "api.example", "server.port": 8443}


@pytest.fixture
def sent(world):
    """Headers of each request that went out."""
    undos = [switch_on(world.wiring), carry_runs(world.foreign)]
    yield []
    for undo in undos:
        undo()


def open_client(sent, *, status=200, error=None, moved=False, kind=httpx.Client):
    def answer(request):
        sent.append(request.headers)
        if error is not None:
            raise error("no", request=request)
        if moved and len(sent) == 1:
            return httpx.Response(302, headers={"location": "/new"})
        return httpx.Response(status)

    return kind(transport=httpx.MockTransport(answer), follow_redirects=True)


def test_an_agents_request_is_told_without_its_path_and_carries_the_run(world, sent):
    with world.around("invoke_agent") as agent:
        assert 200 == open_client(sent).get(URL).status_code

    (span,) = world.told()
    run = f"{agent.get_span_context().span_id:016x}"
    assert ("GET api.example", SpanKind.CLIENT) == (span.name, span.kind)
    assert {**ABOUT, "http.response.status_code": 200} == dict(span.attributes)
    assert f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}" == sent[0]["traceparent"][:-3]
    assert f"foretell.run.id={run}" == sent[0]["baggage"]


def test_an_asynchronous_one_is_told_too(world, sent):
    async def ask():
        async with open_client(sent, kind=httpx.AsyncClient) as client:
            await client.get(URL)

    with world.around("invoke_agent"):
        asyncio.run(ask())

    assert ["GET api.example"] == [span.name for span in world.told()]


def test_inside_a_block_of_ours_it_is_told_too(world, sent):
    with foretell.tool("look"):
        open_client(sent).get(URL)

    assert ["GET api.example"] == [span.name for span in world.told()]


@pytest.mark.parametrize("around", ["chat", "embeddings"])
def test_a_model_clients_own_request_is_not_told_twice(world, sent, around):
    with world.around("invoke_agent"), world.around(around):
        open_client(sent).get(URL)

    assert [] == world.told()
    assert "traceparent" not in sent[0]


def test_outside_of_agents_nothing_changes(world, sent):
    open_client(sent).get(URL)

    assert [] == world.told()
    assert "traceparent" not in sent[0]


def test_a_service_sends_on_the_run_that_it_serves(world, sent):
    """It may have no agent of its own, and ask another service that has."""
    came = {"traceparent": f"00-{1:032x}-{2:016x}-01", "baggage": f"foretell.run.id={3:016x}"}
    with joined(came):
        open_client(sent).get(URL)

    (span,) = world.told()
    assert (1, 2) == (span.context.trace_id, span.parent.span_id)
    assert f"{1:032x}-{span.context.span_id:016x}" == sent[0]["traceparent"][3:-3]
    assert came["baggage"] == sent[0]["baggage"]


def test_a_redirect_is_part_of_its_request(world, sent):
    with world.around("invoke_agent"):
        open_client(sent, moved=True).get(URL)

    assert (2, 1) == (len(sent), len(world.told()))


def test_what_the_program_sends_along_itself_stays(world, sent):
    with world.around("invoke_agent"):
        open_client(sent).get(URL, headers={"traceparent": "mine"})

    assert "mine" == sent[0]["traceparent"]


def test_a_time_out_is_told_by_its_name_and_goes_on_to_the_program(world, sent):
    """Not by its text: that may have the address, and keys stand there."""
    with world.around("invoke_agent"), pytest.raises(httpx.ReadTimeout):
        open_client(sent, error=httpx.ReadTimeout).get(URL)

    (span,) = world.told()
    assert {**ABOUT, "error.type": "httpx.ReadTimeout"} == dict(span.attributes)
    assert (StatusCode.ERROR, None, ()) == (span.status.status_code, span.status.description, span.events)


def test_a_refusal_is_an_error_of_its_status(world, sent):
    with world.around("invoke_agent"):
        open_client(sent, status=429).get(URL)

    (span,) = world.told()
    assert {**ABOUT, "http.response.status_code": 429, "error.type": "429"} == dict(span.attributes)


def test_switched_off_the_client_is_what_it_was(world):
    before = httpx.Client.send, httpx.AsyncClient.send
    undo = switch_on(world.wiring)
    during = httpx.Client.send
    undo()

    assert before == (httpx.Client.send, httpx.AsyncClient.send)
    assert during is not before[0]
