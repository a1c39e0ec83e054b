"""Functions of the program hear of findings on threads of their own, and nothing they do comes back."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from foretell.errors import FAULTS, ForetellError, SettingError
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Outcome
from foretell.watchdog.callbacks import Callback, Callbacks, list_callbacks, on_finding

S = 1_000_000_000
FINDING = Finding("stall", "run", Severity.WARNING, Verdict.FIRING, 5 * S, None, "Silent.", "Go.", 1.0, {}, "run")
OVER = replace(FINDING, end_ns=9 * S)


class Hearing:
    """Callbacks that a test registers by itself."""

    def __init__(self, limit_s: float = 5.0) -> None:
        self.heard: list[Finding] = []
        self.registered: list[Callback] = []
        self.callbacks = Callbacks(
            open_calls={},
            clean=lambda text: text.replace("secret", "[redacted]"),
            now_ns=lambda: 6 * S,
            limit_s=limit_s,
            list_all=lambda: self.registered,
        )

    def add(self, function=None, *, trigger=None, hears_ends=False, is_nudge=False):
        self.registered.append(Callback(function or self.heard.append, trigger, hears_ends, is_nudge))

    def tell(self, *findings):
        for finding in findings:
            self.callbacks.take(finding)
        self.callbacks.close()

    def improve(self, outcomes=None, finding=OVER):
        return self.callbacks.improve(finding, outcomes or {}).evidence.get("nudge")


@pytest.fixture
def hearing():
    FAULTS.clear()
    yield Hearing()
    FAULTS.clear()


def test_a_function_is_told_once_as_a_finding_begins(hearing):
    hearing.add()
    hearing.tell(FINDING, OVER)

    assert [FINDING] == hearing.heard


def test_it_is_told_of_ends_where_it_wants_to(hearing):
    hearing.add(hears_ends=True)
    hearing.tell(FINDING, OVER)

    assert [FINDING, OVER] == hearing.heard


def test_it_is_told_of_its_own_trigger_only(hearing):
    hearing.add(trigger="agent_loop")
    hearing.tell(FINDING)

    assert [] == hearing.heard


def test_it_runs_on_a_thread_of_its_own(hearing):
    names = []
    hearing.add(lambda finding: names.append(threading.current_thread().name.partition("-")[0]))
    hearing.tell(FINDING)

    assert ["on_finding"] == names


def test_what_it_raises_is_said_once_and_the_next_finding_is_told_all_the_same(hearing, capsys):
    def fail(finding):
        hearing.heard.append(finding)
        raise SystemExit("mine")

    hearing.add(fail)
    hearing.tell(FINDING, FINDING)

    assert 2 == len(hearing.heard)
    assert 1 == capsys.readouterr().err.count("fail() of on_finding has raised SystemExit (mine)")


def test_one_that_hangs_is_said_and_holds_nobody_up(capsys):
    FAULTS.clear()
    hearing, released = Hearing(limit_s=0.0), threading.Event()
    hearing.add(lambda finding: released.wait(30))
    hearing.add()
    hearing.tell(FINDING)
    hearing.callbacks.attend()
    told = capsys.readouterr().err
    released.set()
    hearing.callbacks = Hearing().callbacks
    FAULTS.clear()

    assert "has not returned for 0 s" in told


def test_a_nudge_that_helped_says_so(hearing):
    hearing.add(lambda finding: "go on, secret", is_nudge=True)
    hearing.tell(FINDING)

    assert {
        "function": "test_a_nudge_that_helped_says_so.<locals>.<lambda>",
        "after_s": 1.0,
        "said": "go on, [redacted]",
        "helped": True,
        "resolved_after_s": 3.0,
    } == hearing.improve()


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.HALTED, Outcome.CANCELLED])
def test_a_nudge_did_not_help_where_the_run_ended_badly(hearing, outcome):
    hearing.add(lambda finding: None, is_nudge=True)
    hearing.tell(FINDING)

    assert hearing.improve({"run": outcome})["helped"] is False


def test_a_nudge_did_not_help_where_the_trouble_outlasted_the_watch(hearing):
    hearing.add(lambda finding: None, is_nudge=True)
    hearing.tell(FINDING)

    assert hearing.improve(finding=replace(OVER, evidence={"unfinished": True}))["helped"] is False


def test_without_a_nudge_nothing_is_claimed(hearing):
    hearing.add()
    hearing.tell(FINDING)

    assert hearing.improve() is None


# -- registering -----------------------------------------------------------------------------------------------------


def test_the_decorator_gives_the_function_back_and_registers_it_once():
    def tell(finding):
        """Never called here."""

    assert tell is on_finding("agent_loop")(tell)
    assert tell is on_finding("agent_loop")(tell)
    assert [Callback(tell, "agent_loop", False, False)] == [one for one in list_callbacks() if one.function is tell]


def test_without_a_trigger_it_hears_everything():
    @on_finding
    def tell(finding):
        """Never called here."""

    assert [None] == [one.trigger for one in list_callbacks() if one.function is tell]


def test_an_unknown_trigger_is_refused_with_the_nearest_name():
    with pytest.raises(SettingError, match="Did you mean 'agent_loop'"):
        on_finding("agent_lop")


@pytest.mark.parametrize("wrong", [7, ["agent_loop"]])
def test_what_is_neither_a_trigger_nor_a_function_is_refused(wrong):
    with pytest.raises(ForetellError, match="neither"):
        on_finding(wrong)


def test_a_coroutine_function_is_refused_with_a_way_to_do_it():
    async def tell(finding):
        """Never called."""

    with pytest.raises(ForetellError, match="run_coroutine_threadsafe"):
        on_finding("agent_loop")(tell)
