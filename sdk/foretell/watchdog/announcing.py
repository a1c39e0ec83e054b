"""Says findings in the program's own log, where it has one, so that whoever reads that reads of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from foretell.watchdog.runner import Runner
from foretell.watchdog.telling import LOGGER, Helper, make_record

if TYPE_CHECKING:
    from foretell.model.finding import Finding

END_S: Final = 1.0
"""How long the end of the program waits for a log that is slow."""
LIMIT_S: Final = 10.0
LEVELS: Final = {17: logging.ERROR, 13: logging.WARNING, 9: logging.INFO}
THREAD: Final = "foretell-watchdog"
"""Our own log handler leaves out what comes from our threads: that is on its way to the store already."""


class Announcer(Helper):
    """Logs findings under `foretell.watchdog`. A program that has no log handlers stays silent."""

    def __init__(self) -> None:
        """Log on a thread of its own: a handler of the program's may be slow."""
        self._runner: Runner[Finding] = Runner("log", "A log handler that was given a finding", announce, LIMIT_S)

    def take(self, finding: Finding) -> None:
        """Log it."""
        if logging.getLogger(LOGGER).hasHandlers():
            self._runner.put(finding)

    def attend(self) -> bool:
        """See whether a handler hangs."""
        return self._runner.check()

    def close(self) -> None:
        """Let what is under way be logged."""
        self._runner.wait(END_S)

    def after_fork(self) -> None:
        """Start afresh."""
        self._runner.forget()


def announce(finding: Finding) -> None:
    """Log a finding that begins or ends."""
    logger = logging.getLogger(LOGGER)
    line = make_record(finding, None, finding.end_ns or finding.onset_ns)
    level = LEVELS[line.severity_number]
    if not logger.isEnabledFor(level):
        return
    run = f" (run {finding.run_id})" if finding.run_id else ""
    extra = {name: line.attributes[name] for name in ("trigger", "severity", "confidence", "evidence")}
    arguments = (finding.trigger, line.body, run)
    record = logger.makeRecord(LOGGER, level, __file__, 0, "%s: %s%s", arguments, None, "announce", extra)
    record.threadName = THREAD
    logger.handle(record)
