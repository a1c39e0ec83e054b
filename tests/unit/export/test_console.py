"""A line per finished call."""

from __future__ import annotations

from io import StringIO

from foretell.export.console import ConsoleSink, line_of
from foretell.model.facts import ErrorFacts, Score
from foretell.model.kinds import Kind, Outcome
from tests.unit.export.some_calls import make_call


def test_a_line_names_call_outcome_duration_tokens_and_cost():
    """What a person wants to know, in one line."""
    line = line_of(make_call(Kind.LLM))

    for word in ("chat gpt-4o", " ok ", "1.50 s", "120 in, 35 out", "$0.00125", "run 0000000000000001"):
        assert word in line


def test_an_error_is_in_its_line():
    """Type and message, cut where they are long."""
    line = line_of(make_call(outcome=Outcome.ERROR, error=ErrorFacts("ValueError", "x" * 500)))

    assert "error" in line
    assert "ValueError: xxx" in line
    assert len(line) < 300


def test_nothing_in_a_name_reaches_the_terminal_as_a_command():
    """Escape sequences and line breaks are replaced."""
    line = line_of(make_call(name="\x1b[2Jevil\nline", error=ErrorFacts("E", "a\r\nb")))

    assert line.isprintable()


def test_lines_are_printed_when_written():
    """Calls and scores, in order; the stream stays open."""
    stream = StringIO()
    sink = ConsoleSink(stream)
    sink.take([make_call()])
    sink.take_scores([Score("helpful", 0.5, run_id="r"), Score("mood", None, "good")])

    assert "" == stream.getvalue()
    assert sink.flush(1)
    assert ["execute_tool", "score helpful 0.5  run r", "score mood good"] == [
        line.split()[1] if "execute_tool" in line else line for line in stream.getvalue().splitlines()
    ]
    sink.close()
    assert not stream.closed
