"""Findings go to the sinks that hear of them, those of the last moment too."""

from __future__ import annotations

import pytest

from foretell.export.counts import Counts
from foretell.instrument.work.worker import Worker
from foretell.model.finding import Finding, Severity, Verdict
from tests.unit.instrument.conftest import Recorder

FINDING = Finding("stall", "run", Severity.WARNING, Verdict.FIRING, 5, None, "Silent.", "Go.", 1.0, {}, "run")


class Hearing(Recorder):
    """A sink that hears of findings, and keeps what was written before it was closed."""

    name = "hearing"

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self.kept: list[Finding] = []

    def take_findings(self, findings):
        self.findings += findings

    def write(self) -> None:
        self.kept = list(self.findings)

    def flush(self, timeout_s: float) -> bool:
        self.write()
        return True


class FindsWhen(Recorder):
    """A watchdog that finds something at a given moment only."""

    name = "watchdog"

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = moment

    def flush(self, timeout_s: float) -> bool:
        self._find("flush")
        return True

    def close(self) -> None:
        self._find("close")

    def _find(self, moment: str) -> None:
        if moment == self.moment:
            self.moment = ""
            self.worker.findings.append(FINDING)


def make_worker(*sinks):
    worker = Worker(lambda calls: None, list(sinks), {}, Counts())
    for sink in sinks:
        sink.worker = worker
    return worker


def test_findings_reach_the_sinks_that_hear_of_them_and_no_others():
    deaf, hearing = Recorder(), Hearing()
    worker = make_worker(deaf, hearing)
    worker.findings.append(FINDING)
    assert worker.drain(5)
    worker.close(5)

    assert [FINDING] == hearing.findings


@pytest.mark.parametrize("moment", ["flush", "close"])
def test_what_the_watchdog_finds_at_the_last_moment_is_kept_by_the_sinks_after_it(moment):
    hearing = Hearing()
    make_worker(FindsWhen(moment), hearing).close(5)

    assert [FINDING] == hearing.kept
