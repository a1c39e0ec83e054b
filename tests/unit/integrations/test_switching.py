"""Integrations are switched on when their library is there, and leave it as it was."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from types import SimpleNamespace

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from foretell.errors import FAULTS, RunHalted
from foretell.instrument import state
from foretell.instrument.gates.gate import Gates
from foretell.integrations.gating import Gatekeeper
from foretell.integrations.integration import GatePoint, Integration, Wiring, own
from foretell.integrations.switching import State, Switchboard
from foretell.model.finding import Finding, Severity, Verdict

CLIENT = """
class Base:
    def inherited(self):
        return "inherited"

class Client(Base):
    def ask(self, text):
        return f"answer to {text}"

    @staticmethod
    def check():
        return "checked"

class AsyncClient:
    async def ask(self, text):
        return f"answer to {text}"
"""
INSTRUMENTOR = """
from wrapt import FunctionWrapper
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
import acme_sdk

class AcmeInstrumentor(BaseInstrumentor):
    def instrumentation_dependencies(self):
        return ()

    def _instrument(self, **kwargs):
        acme_sdk.given = kwargs
        for cls in (acme_sdk.Client, acme_sdk.AsyncClient):
            cls.ask = FunctionWrapper(cls.ask, lambda wrapped, instance, args, kwargs: wrapped(*args, **kwargs))

    def _uninstrument(self, **kwargs):
        for cls in (acme_sdk.Client, acme_sdk.AsyncClient):
            cls.ask = cls.ask.__wrapped__

class BrokenInstrumentor(AcmeInstrumentor):
    def _instrument(self, **kwargs):
        raise AttributeError("acme_sdk has no attribute 'Clint'")
"""
GATES = tuple(
    GatePoint("acme_sdk", path)
    for path in ("Client.ask", "AsyncClient.ask", "Client.inherited", "Client.check", "Gone.ask")
)


@pytest.fixture
def sdk(tmp_path, monkeypatch):
    """A library and its instrumentor, importable and forgotten afterwards."""
    (tmp_path / "acme_sdk.py").write_text(CLIENT)
    (tmp_path / "acme_instrumentor.py").write_text(INSTRUMENTOR)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda: importlib.import_module("acme_sdk")
    for name in ("acme_sdk", "acme_instrumentor"):
        sys.modules.pop(name, None)


def make_integration(path="acme_instrumentor:AcmeInstrumentor", supports="", **more):
    return Integration(
        name="acme",
        title="Acme",
        distribution="acme-sdk",
        module="acme_sdk",
        candidates=(own(path, supports),),
        gates=GATES,
        **more,
    )


@pytest.fixture
def board():
    """All that switches on; everything is off again afterwards."""
    keeper = Gatekeeper(lambda: None)
    wiring = Wiring(NoOpTracerProvider(), NoOpMeterProvider(), True)
    made = Switchboard(
        wiring, hold=lambda integration: keeper.hold(integration.gates), version_of={"acme-sdk": "1.0"}.get
    )
    yield made
    made.switch_off()


def list_attributes(module):
    return {
        (cls.__name__, name): value
        for cls in (module.Base, module.Client, module.AsyncClient)
        for name, value in vars(cls).items()
    }


def state_of(board):
    return {standing.integration.name: standing.state for standing in board.list_standings()}


def test_a_library_is_patched_when_the_program_imports_it(sdk, board):
    """And is not imported before."""
    board.switch_on([make_integration()])
    assert ({"acme": State.WAITING}, False) == (state_of(board), "acme_sdk" in sys.modules)

    module = sdk()

    assert {"acme": State.ON} == state_of(board)
    assert {"tracer_provider", "meter_provider"} <= set(module.given)
    assert "answer to hi" == module.Client().ask("hi")


def test_off_again_every_attribute_is_what_it_was(sdk, board):
    """Those of gates too, and those that a class only inherits."""
    module = sdk()
    before = list_attributes(module)
    board.switch_on([make_integration()])
    assert before != list_attributes(module)
    board.switch_off()

    assert before == list_attributes(module)


def test_what_somebody_wrapped_since_is_left_to_them(sdk, board):
    """Taking ours out from below would throw theirs out."""
    module = sdk()
    board.switch_on([make_integration()])
    below = module.Client.ask
    theirs = module.Client.ask = lambda self, text: below(self, text) + "!"
    board.switch_off()

    assert theirs is inspect.getattr_static(module.Client, "ask")
    assert "answer to hi!" == module.Client().ask("hi")


def test_an_instrumentor_that_fails_leaves_the_program_alone(sdk, board, capsys):
    """A framework was upgraded past it: one line says so, and gates still hold."""
    board.switch_on([make_integration("acme_instrumentor:BrokenInstrumentor")])
    module = sdk()

    assert {"acme": State.FAILED} == state_of(board)
    assert "acme_sdk has no attribute 'Clint'" in board.list_standings()[0].problem
    assert "answer to hi" == module.Client().ask("hi")
    (kind,) = [kind for kind in FAULTS.troubles() if kind.startswith("integrations.acme 1.0 by ")]
    assert kind.endswith(": AttributeError: acme_sdk has no attribute 'Clint'")
    assert 1 == len(capsys.readouterr().err.splitlines())


def test_what_the_program_has_instrumented_itself_stays_its_own(sdk, board):
    """Its spans are taken in; with ours besides, each call would be told twice."""
    sdk()
    instrumentor = importlib.import_module("acme_instrumentor").AcmeInstrumentor()
    instrumentor.instrument()
    board.switch_on([make_integration()])
    board.switch_off()

    assert instrumentor.is_instrumented_by_opentelemetry
    instrumentor.uninstrument()


def test_somebody_elses_module_of_the_name_is_not_patched(sdk, board):
    """`agents` is what many programs call a package of their own."""
    board.switch_on([make_integration(proof="Runner")])
    before = list_attributes(sdk())

    assert before == list_attributes(sys.modules["acme_sdk"])
    assert {"acme": State.WAITING} == state_of(board)


def test_a_version_that_nobody_knows_is_not_patched(sdk, board):
    """But its requests can be held."""
    board.switch_on([make_integration(supports=">=2")])
    sdk()

    assert {"acme": State.REFUSED} == state_of(board)


# -- gates ---------------------------------------------------------------------------------------------------------------

HALT = Finding("agent_loop", "k", Severity.CRITICAL, Verdict.FIRING, 1, None, "It repeats itself.", "", 1.0)


@pytest.fixture
def halted():
    """Every run of this process is halted."""
    gates = Gates({})
    gates.halt(HALT)
    before, state.current = state.current, SimpleNamespace(gate=gates, context_key="k")
    yield gates
    state.current = before


def test_a_halted_runs_request_is_refused(sdk, board, halted):
    """Before it is sent, and with an exception that no retry loop catches."""
    board.switch_on([make_integration()])
    module = sdk()

    with pytest.raises(RunHalted):
        module.Client().ask("hi")
    with pytest.raises(RunHalted):
        asyncio.run(module.AsyncClient().ask("hi"))
    with pytest.raises(RunHalted):
        module.Client().inherited()
    with pytest.raises(RunHalted):
        module.Client.check()


def test_without_a_hold_requests_pass(sdk, board, halted):
    """Also those of coroutines."""
    board.switch_on([make_integration()])
    module = sdk()
    halted.open_all()

    assert "answer to hi" == module.Client().ask("hi") == asyncio.run(module.AsyncClient().ask("hi"))
    assert ("inherited", "checked") == (module.Client().inherited(), module.Client.check())
