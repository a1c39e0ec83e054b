"""What a log line belongs to: the operation, span and session that are current where it was logged."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

import foretell

LOG = logging.getLogger("desk.mail")


@pytest.fixture
def logged(record):
    """Sets logging up; gives the records of what was logged."""
    foretell.setup_logging("DEBUG", has_console=False)
    yield lambda: (record.ended(), record.logs)[1]
    foretell.shutdown()


def test_a_line_has_the_ids_of_its_operation(record, logged):
    with foretell.session("s-1"), foretell.agent("planner") as agent:
        LOG.warning("one")
        with foretell.tool("look") as tool:
            LOG.info("two")
    one, two = logged()

    assert (agent.trace_id, agent.span_id, agent.run_id, "agent", 1) == (
        one.trace_id, one.span_id, one.run_id, one.source, one.trace_flags
    )  # fmt: skip
    assert (tool.trace_id, tool.span_id, agent.run_id, "tool") == (two.trace_id, two.span_id, two.run_id, two.source)
    assert {"session.id": "s-1", "gen_ai.agent.name": "planner"} == one.attributes == two.attributes


def test_a_line_outside_of_everything_belongs_to_nothing(logged):
    LOG.info("alone")
    (line,) = logged()

    assert (None, None, None, "user_script", {}) == (
        line.trace_id, line.span_id, line.run_id, line.source, line.attributes
    )  # fmt: skip


def test_a_line_in_a_session_outside_of_operations_belongs_to_the_session(logged):
    with foretell.session("s-1"):
        LOG.info("between two runs")
    (line,) = logged()

    assert (None, "session", {"session.id": "s-1"}) == (line.run_id, line.source, line.attributes)


def test_a_line_in_a_span_of_somebody_else_has_its_ids(logged):
    with TracerProvider().get_tracer("theirs").start_as_current_span("GET /") as span:
        LOG.info("served")
    (line,) = logged()

    assert (span.get_span_context().trace_id, span.get_span_context().span_id, None) == (
        line.trace_id, line.span_id, line.run_id
    )  # fmt: skip


def test_the_innermost_span_of_the_operations_trace_counts(logged):
    """The HTTP client's span inside the tool; what it belongs to is still the run."""
    tracer = TracerProvider().get_tracer("theirs")
    with foretell.agent("planner") as agent, tracer.start_as_current_span("GET") as span:
        LOG.info("asked")
    (line,) = logged()

    assert (agent.trace_id, span.get_span_context().span_id, agent.run_id) == (
        line.trace_id, line.span_id, line.run_id
    )  # fmt: skip


def test_without_init_lines_are_only_shown(capsys):
    """And `shutdown()` undoes the set-up all the same."""
    before = list(logging.getLogger().handlers)
    foretell.setup_logging(json=True)
    LOG.warning("hi")
    foretell.shutdown()

    assert '"message":"hi"' in capsys.readouterr().err
    assert before == logging.getLogger().handlers
