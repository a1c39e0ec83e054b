"""What was logged in a run, on a terminal."""

from __future__ import annotations

import pytest
from builders import MS, ROOT_ID, START_NS, draw, make_call, make_root, make_run

from foretell.cli.render.logs import render_logs
from foretell.cli.shapes import shape_run
from foretell.model.kinds import Kind
from foretell.model.log import LogRecord


def log(number, text, body, at_ms=10, **facts):
    return LogRecord(START_NS + at_ms * MS, number, text, body, logger="desk.mail", **facts)


WARNING = log(13, "WARNING", "slow answer", at_ms=412, span_id=ROOT_ID, attributes={"tries": 2, "to": "carrier"})
INFO = log(9, "INFO", "asked", at_ms=40, span_id=2)


def drawn(*logs, width=100, **options):
    run = make_run(make_root(), make_call(Kind.TOOL, "find_order", 0, 3, id=2), logs=logs)
    text = render_logs(run, width, **options)
    return None if text is None else draw(text, width).splitlines()


def test_warnings_are_shown_and_of_the_rest_how_many_there_are():
    assert [
        "logs",
        "  +412 ms   WARNING  triage  slow answer  tries=2 to=carrier",
        "  1 more log line; see them with --logs",
    ] == drawn(INFO, WARNING)


def test_every_line_is_shown_when_asked_for():
    assert [
        "logs",
        "  +40 ms    INFO     find_order  asked",
        "  +412 ms   WARNING  triage  slow answer  tries=2 to=carrier",
    ] == drawn(INFO, WARNING, has_all=True)


def test_a_line_of_no_call_of_the_run_names_its_logger():
    assert "desk.mail  late" in drawn(log(17, "ERROR", "late", span_id=99))[1]


def test_a_quiet_run_only_says_how_many_lines_there_are():
    assert ["  2 log lines; see them with --logs"] == drawn(INFO, INFO)


def test_a_run_without_logs_draws_nothing():
    assert None is drawn()


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ({"max_lines": 3}, "  7 more log lines; see them with --logs"),
        ({"max_lines": 3, "has_all": True}, "  7 more log lines; see them with --limit 10"),
    ],
)
def test_a_long_log_is_cut_and_says_how_to_see_the_rest(options, last):
    lines = drawn(*[WARNING] * 10, **options)

    assert (5, last) == (len(lines), lines[-1])


def test_a_line_stays_one_line_and_inside_the_terminal():
    """Whatever was logged: line breaks and escape sequences too."""
    lines = drawn(log(17, "ERROR", "a\nb \x1b[31mred\x1b[0m " + "x" * 300), width=60)

    assert (2, 60, True, True) == (len(lines), len(lines[1]), "a b \ufffd[31mred" in lines[1], lines[1].endswith("…"))


def test_json_has_warnings_and_every_line_when_asked_for():
    run = make_run(make_root(), logs=(INFO, WARNING))

    assert [["slow answer"], ["asked", "slow answer"]] == [
        [log["message"] for log in shape_run(run, has_logs=has_logs)["logs"]] for has_logs in (False, True)
    ]
    assert {
        "time": "2026-09-21T14:13:20.412000Z",
        "level": "WARNING",
        "severity": 13,
        "message": "slow answer",
        "event": None,
        "source": "user_script",
        "logger": "desk.mail",
        "trace_id": None,
        "span_id": "a1b2c3d4e5f60718",
        "attributes": {"tries": 2, "to": "carrier"},
    } == shape_run(run)["logs"][0]
