"""What is sent along with requests, and whose requests are none of an agent's."""

from __future__ import annotations

from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.propagate import get_global_textmap
from opentelemetry.sdk.trace import TracerProvider

import foretell
from foretell.integrations.integration import Wiring
from foretell.integrations.wrapping.carrying import carry_runs
from foretell.integrations.wrapping.http_calls import HttpCalls


def test_the_programs_propagator_stays_the_object_that_it_is():
    """Some products look for their own, to take what they have put around it off again."""
    before = get_global_textmap()
    undo = carry_runs(lambda: None)

    assert before is get_global_textmap()
    assert "inject" in vars(before)
    undo()
    assert "inject" not in vars(before)


def test_what_an_exporter_sends_is_no_request_of_the_agent_around_it(record):
    """One that sends at once does so inside the agent, and asks instrumentors to look away."""
    calls = HttpCalls(Wiring(TracerProvider(shutdown_on_exit=False), NoOpMeterProvider(), True))
    with foretell.agent("planner"):
        assert calls.open("POST", "http://back-end/v1/traces", {}) is not None
        with suppress_instrumentation():
            assert calls.open("POST", "http://back-end/v1/traces", {}) is None
