"""Gates before requests: which methods they stand at, how those wait, and what is left when they are gone."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType, SimpleNamespace

import pytest

from foretell.errors import RunHalted
from foretell.instrument import state
from foretell.instrument.gates.gate import Gates
from foretell.integrations.clients.bedrock import asks_a_model
from foretell.integrations.gating import Gatekeeper, find_point, remember
from foretell.integrations.integration import GatePoint
from foretell.model.finding import Finding, Severity, Verdict

FOUND = Finding("agent_loop", "k", Severity.CRITICAL, Verdict.FIRING, 1, None, "It repeats itself.", "", 1.0)


class Base:
    def inherited(self):
        return "inherited"


class Client(Base):
    def __init__(self, service="bedrock-runtime"):
        self.meta = SimpleNamespace(service_model=SimpleNamespace(service_name=service))
        self.is_closed = False

    def ask(self):
        return "answer"

    async def stream(self):
        try:
            yield "piece"
            yield "another"
        finally:
            self.is_closed = True


@pytest.fixture(autouse=True)
def library(monkeypatch):
    module = ModuleType("acme_clients")
    module.Client = Client
    monkeypatch.setitem(sys.modules, "acme_clients", module)


@pytest.fixture
def gates():
    """Gates of this process, which hold nothing yet."""
    made = Gates({})
    before, state.current = state.current, SimpleNamespace(gate=made, context_key="k")
    yield made
    state.current = before


@pytest.fixture
def hold():
    """Puts a gate before a method of the client, until the test is over."""
    undos = []

    def put(path, is_meant=None):
        undos.append(Gatekeeper(lambda: None).hold([GatePoint("acme_clients", path, is_meant)]))

    yield put
    for undo in undos:
        undo()


async def read(pieces):
    return [piece async for piece in pieces]


def test_pieces_of_a_halted_run_are_not_asked_for(gates, hold):
    """Of an asynchronous generator, which sends its request when the first piece is read."""
    hold("Client.stream")
    gates.halt(FOUND)

    with pytest.raises(RunHalted):
        asyncio.run(read(Client().stream()))


def test_pieces_of_a_paused_run_wait_without_holding_up_the_loop(gates, hold):
    hold("Client.stream")
    gates.pause(FOUND)

    async def ask():
        waiting = asyncio.ensure_future(read(Client().stream()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        was_done = waiting.done()
        gates.open_all()
        return was_done, await waiting

    assert (False, ["piece", "another"]) == asyncio.run(ask())


def test_a_stream_that_is_closed_early_is_closed_behind_the_gate_too(gates, hold):
    hold("Client.stream")
    client = Client()

    async def give_up():
        pieces = client.stream()
        await anext(pieces)
        await pieces.aclose()

    asyncio.run(give_up())

    assert client.is_closed


def test_where_one_method_serves_many_services_only_those_of_models_are_held(gates, hold):
    hold("Client.ask", asks_a_model)
    gates.halt(FOUND)

    assert "answer" == Client("s3").ask()
    with pytest.raises(RunHalted):
        Client().ask()
    with pytest.raises(RunHalted):
        Client("bedrock-agent-runtime").ask()


def test_what_an_instrumentor_leaves_patched_is_put_back():
    """Some do not take off all that they have put on."""
    before = dict(vars(Client))
    put_back = remember([GatePoint("acme_clients", f"Client.{name}") for name in ("ask", "inherited", "gone")])
    Client.ask = Client.inherited = lambda self: "theirs"
    put_back()

    assert before == dict(vars(Client))


def test_a_method_that_this_version_lacks_has_no_gate():
    assert None is find_point(GatePoint("acme_clients", "Client.gone"))
    assert None is find_point(GatePoint("acme_nowhere", "Client.ask"))
