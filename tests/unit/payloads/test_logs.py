"""Log lines leave the refiner without secrets, and where it fails, without texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foretell.model.log import LogRecord
from foretell.payloads.logs import refine_logs, withhold_log
from foretell.privacy.matching import FAILED
from foretell.privacy.redactor import Redactor
from foretell.privacy.rules import Rule

REDACTOR = Redactor()
SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
GONE = "[redacted:aws_access_key]"
CLEAN = LogRecord(5, 9, "INFO", "all is well", attributes={"n": 1}, run_id="0" * 16, span_id=7, logger="desk")


def refine(*records: LogRecord, redactor: Redactor = REDACTOR) -> list[LogRecord]:
    """Refine the records as one batch."""
    return refine_logs(records, redactor)[0]


def test_a_secret_is_gone_from_body_and_attributes():
    """Wherever it stands in them."""
    dirty = replace(
        CLEAN,
        body=f"key {SECRET}",
        attributes={"deep": [{"key": SECRET}], "password": "hunter2", "n": 1, "exception.message": f"no {SECRET}"},
    )
    attributes = {
        "deep": [{"key": GONE}],
        "password": "[redacted:secret]",
        "n": 1,
        "exception.message": f"no {GONE}",
    }

    assert [replace(CLEAN, body=f"key {GONE}", attributes=attributes)] == refine(dirty)


@pytest.mark.parametrize("field", ["logger", "severity_text", "event_name"])
def test_a_secret_is_gone_from_names(field):
    """They may be anything, too."""
    assert [replace(CLEAN, **{field: GONE})] == refine(replace(CLEAN, **{field: SECRET}))


def test_a_secret_is_gone_from_the_name_of_an_attribute():
    """What comes out is still a mapping."""
    assert {GONE: 1} == refine(replace(CLEAN, attributes={SECRET: 1}))[0].attributes


def test_only_the_dirty_ones_of_a_batch_change():
    """The others come back as they are, in their order, and the matches are counted."""
    records = [replace(CLEAN, time_ns=n, body=SECRET if n % 10 == 3 else "fine") for n in range(50)]
    refined, counts = refine_logs(records, REDACTOR)

    assert [GONE if n % 10 == 3 else "fine" for n in range(50)] == [record.body for record in refined]
    assert all(refined[n] is records[n] for n in range(50) if n % 10 != 3)
    assert {"aws_access_key": 5} == counts.redactions


def test_ids_time_source_and_severity_stay():
    """Redaction touches texts only."""
    dirty = LogRecord(1, 17, "ERROR", SECRET, None, {"k": SECRET}, "tool", 2, 3, "a" * 16, "log", 1)

    assert [LogRecord(1, 17, "ERROR", GONE, None, {"k": GONE}, "tool", 2, 3, "a" * 16, "log", 1)] == refine(dirty)


def test_a_rule_that_fails_takes_the_text_along():
    """What cannot be said to be clean is not kept."""

    def fail(text):
        raise ValueError

    redactor = Redactor([Rule("ticket", r"T-\d+", check=fail)])
    refined, counts = refine_logs([replace(CLEAN, body="see T-12"), CLEAN], redactor)

    assert ([FAILED, "all is well"], 1) == ([record.body for record in refined], counts.failures)


def test_text_that_no_encoding_holds_is_searched_too():
    """Half of a surrogate pair does not hide a secret."""
    (refined,) = refine(replace(CLEAN, body=f"\ud800 {SECRET}", attributes={"k": f"\ud800 {SECRET}"}))

    assert (False, False) == (SECRET in refined.body, SECRET in refined.attributes["k"])


def test_nothing_is_nothing():
    """No batch is too small."""
    assert [] == refine()


def test_a_withheld_record_says_only_when_how_grave_and_where():
    """Nothing of what the program wrote."""
    dirty = LogRecord(1, 17, SECRET, SECRET, SECRET, {SECRET: SECRET}, "tool", 2, 3, "a" * 16, SECRET, 1)

    assert LogRecord(1, 17, "", FAILED, None, {}, "tool", 2, 3, "a" * 16, "", 1) == withhold_log(dirty)
