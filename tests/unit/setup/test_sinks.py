"""How redaction of log lines is put together: where it fails, nothing leaks and nothing is lost."""

from __future__ import annotations

from foretell.errors import FAULTS
from foretell.export.counts import Counts
from foretell.model.log import LogRecord
from foretell.privacy.matching import FAILED
from foretell.privacy.redactor import Redactor
from foretell.settings import load_settings
from foretell.setup.running import Running
from foretell.setup.sinks import logs_refiner

SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
LINE = LogRecord(5, 17, "ERROR", SECRET, attributes={"k": SECRET}, run_id="a" * 16, span_id=7, logger="desk")


class Broken(Redactor):
    """Fails at every search."""

    def find_suspects(self, documents):
        raise MemoryError


def make_running(tmp_path, redactor):
    return Running(load_settings({}, {}, tmp_path), Counts(), redactor=redactor)


def test_lines_are_redacted_and_matches_counted(tmp_path):
    running = make_running(tmp_path, Redactor())
    (line,) = logs_refiner(running)([LINE])

    assert ("[redacted:aws_access_key]", 2) == (line.body, running.counts.total("redacted", "aws_access_key"))


def test_lines_whose_redaction_fails_are_kept_without_their_texts(tmp_path, capsys):
    running = make_running(tmp_path, Broken())
    try:
        (line,) = logs_refiner(running)([LINE])
    finally:
        FAULTS.clear()

    assert LogRecord(5, 17, "", FAILED, run_id="a" * 16, span_id=7) == line
    assert 1 == running.counts.total("truncated", "logs")
    assert SECRET not in capsys.readouterr().err
