"""What is done about every finding: log line, event on the call, sinks, and whoever else hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foretell.errors import FAULTS
from foretell.model.call import Call
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.privacy.redactor import Redactor
from foretell.watchdog.redacting import refine_finding
from foretell.watchdog.telling import Helper, Herald

S = 1_000_000_000
RUN = f"{1:016x}"
SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
FINDING = Finding(
    "agent_loop", RUN, Severity.CRITICAL, Verdict.FIRING, 5 * S, None, "4 times.", "Look.", 0.9, {"times": 4}, RUN
)
OVER = replace(FINDING, end_ns=7 * S)


class OpenCall(Call):
    """A call that takes events."""

    def __init__(self, id: int, start_ns: int) -> None:
        super().__init__(Kind.TOOL, "look", id=id, trace_id=9, run_id=RUN, start_ns=start_ns)
        self.told: list[tuple[str, dict[str, object]]] = []

    def add_event(self, name: str, /, **fields: object) -> None:
        self.told.append((name, fields))


class Keeps(Helper):
    """Hears and adds."""

    def __init__(self) -> None:
        self.heard: list[Finding] = []

    def take(self, finding: Finding) -> None:
        self.heard.append(finding)

    def improve(self, finding, ended_runs):
        return replace(finding, evidence={"improved": True})


class Fails(Helper):
    """Raises whatever it is asked."""

    def take(self, finding: Finding) -> None:
        raise ValueError("mine")


class Heralded:
    """A herald and all that it tells."""

    def __init__(self, *helpers: Helper) -> None:
        self.findings: list[Finding] = []
        self.lines = []
        self.calls = {1: OpenCall(1, S), 2: OpenCall(2, 2 * S)}
        self.herald = Herald(
            self._keep, open_calls=self.calls, refine=self._refine, now_ns=lambda: 6 * S, helpers=helpers
        )

    def _keep(self, findings, lines):
        self.findings += findings
        self.lines += lines

    def _refine(self, finding):
        return refine_finding(finding, Redactor())


@pytest.fixture
def told():
    return Heralded()


def test_a_finding_is_a_line_of_commentary_with_advice_and_ids(told):
    told.herald.tell([FINDING], {})
    (line,) = told.lines

    assert ("foretell.finding", "commentary", "ERROR", "4 times. Look.", RUN, 1, 9) == (
        line.event_name,
        line.source,
        line.severity_text,
        line.body,
        line.run_id,
        line.span_id,
        line.trace_id,
    )
    assert ("agent_loop", {"times": 4}) == (line.attributes["trigger"], line.attributes["evidence"])


def test_its_end_is_a_line_that_says_how_long_it_took(told):
    told.herald.tell([OVER], {})
    (line,) = told.lines

    assert ("INFO", "Over after 2.0 s: 4 times.", 2.0) == (
        line.severity_text,
        line.body,
        line.attributes["time_to_resolve_s"],
    )


def test_the_call_that_it_is_about_gets_an_event(told):
    told.herald.tell([replace(FINDING, span_id=2)], {})

    fields = {"trigger": "agent_loop", "severity": "critical", "summary": "4 times."}
    assert ([], [("foretell.finding", fields)]) == (told.calls[1].told, told.calls[2].told)


def test_where_that_call_has_ended_the_outermost_of_its_run_gets_it(told):
    told.herald.tell([replace(FINDING, span_id=77)], {})

    assert (1, 0) == (len(told.calls[1].told), len(told.calls[2].told))


def test_a_finding_about_no_run_marks_no_call(told):
    told.herald.tell([replace(FINDING, run_id=None)], {})

    assert (0, 0) == (len(told.calls[1].told), len(told.calls[2].told))


def test_secrets_are_out_before_anybody_hears(capsys):
    helper = Keeps()
    told = Heralded(helper)
    told.herald.tell([replace(FINDING, explanation=f"key {SECRET}", evidence={"stack": [SECRET]})], {})

    assert SECRET not in str(told.findings + told.lines + helper.heard + told.calls[1].told)
    assert "[redacted:aws_access_key]" in told.lines[0].body


def test_who_knows_more_about_an_end_adds_it(told):
    told = Heralded(Keeps())
    told.herald.tell([FINDING, OVER], {RUN: Outcome.OK})

    assert [{"times": 4}, {"improved": True}] == [finding.evidence for finding in told.findings]


def test_one_that_fails_keeps_nothing_from_the_others(capsys):
    helper = Keeps()
    Heralded(Fails(), helper).herald.tell([FINDING], {})
    FAULTS.clear()

    assert [FINDING] == helper.heard


def test_after_the_end_of_its_call_the_line_leads_to_the_trace_still(told):
    told.calls.clear()
    told.herald.tell([replace(FINDING, span_id=77, trace_id=9)], {})
    (line,) = told.lines

    assert (9, 77, RUN) == (line.trace_id, line.span_id, line.run_id)
