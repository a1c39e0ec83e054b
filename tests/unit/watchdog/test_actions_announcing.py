"""A program that logs reads of findings in its own log."""

from __future__ import annotations

import logging

import pytest

from foretell.model.finding import Finding, Severity, Verdict
from foretell.watchdog.announcing import Announcer

S = 1_000_000_000
FINDING = Finding(
    "stall", "run", Severity.WARNING, Verdict.FIRING, 5 * S, None, "Silent.", "Go.", 1.0, {"s": 31}, "run", None, "ada"
)
OVER = Finding("stall", "run", Severity.WARNING, Verdict.FIRING, 5 * S, 8 * S, "Silent.", "Go.", 1.0, {}, "run")


class Keeps(logging.Handler):
    """Keeps records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def kept():
    handler, logger = Keeps(), logging.getLogger("foretell.watchdog")
    logger.addHandler(handler)
    yield handler.records
    logger.removeHandler(handler)


def announce(*findings):
    announcer = Announcer()
    for finding in findings:
        announcer.take(finding)
    announcer.close()


def test_a_finding_is_logged_with_its_severity_and_its_evidence(kept):
    announce(FINDING)
    (record,) = kept

    assert ("WARNING", "stall: Silent. Go. (run run)") == (record.levelname, record.getMessage())
    assert ("stall", {"s": 31}) == (record.trigger, record.evidence)


def test_its_end_is_information(kept):
    logging.getLogger("foretell.watchdog").setLevel(logging.INFO)
    announce(OVER)
    logging.getLogger("foretell.watchdog").setLevel(logging.NOTSET)

    assert [("INFO", "stall: Over after 3.0 s: Silent. (run run)")] == [
        (record.levelname, record.getMessage()) for record in kept
    ]


def test_our_own_handler_can_tell_that_it_is_in_the_store_already(kept):
    announce(FINDING)

    assert ["foretell-watchdog"] == [record.threadName for record in kept]
