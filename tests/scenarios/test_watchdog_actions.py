"""What a finding does in real programs: told by default, and where a team asks for it, paused, halted, nudged, posted."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from foretell.model.kinds import Outcome
from foretell.readers.store import StoreReader
from foretell.store.store import Store
from foretell.store.writing.pauses import list_pauses
from tests.contracts.collector import Collector
from tests.support.processes import Stage

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX's")]


class Watched(Stage):
    """Runs the program, and tells what is in its store."""

    def load(self, run_id):
        store = Store.open(self.directory / ".foretell", now_ns=time.time_ns)
        try:
            return StoreReader(store).load_run(run_id)
        finally:
            store.close()

    def pauses(self):
        store = Store.open(self.directory / ".foretell", now_ns=time.time_ns)
        try:
            return [pause.run_id for pause in list_pauses(store)]
        finally:
            store.close()

    def wait_for_pause(self, run_id):
        until_s = time.monotonic() + 30
        while run_id not in self.pauses():
            assert time.monotonic() < until_s, "it was never paused"
            time.sleep(0.05)


@pytest.fixture
def stage(tmp_path):
    return Watched(tmp_path)


def run_of(program):
    (run_id,) = program.said("run")
    return run_id


def outcomes(run):
    return [call.outcome for call in run.calls]


def test_by_default_a_finding_is_told_and_nothing_is_held(stage):
    program = stage.run("watched.py", "loop")
    run = stage.load(run_of(program))

    assert ["agent_loop"] == [finding.trigger for finding in run.findings]
    assert [Outcome.OK] * 21 == outcomes(run)
    assert ["foretell.finding"] == [event.name for call in run.calls for event in call.events or ()]
    assert ["commentary", "commentary"] == [line.source for line in run.logs if line.event_name == "foretell.finding"]


def test_a_finding_ends_with_its_run(stage):
    (finding,) = stage.load(run_of(stage.run("watched.py", "loop"))).findings

    assert finding.end_ns is not None
    assert "unfinished" not in finding.evidence


def test_a_program_that_is_over_at_once_gets_its_findings_too(stage):
    run = stage.load(run_of(stage.run("watched.py", "quick")))

    assert ["agent_loop"] == [finding.trigger for finding in run.findings]


def test_halt_raises_at_the_next_operation(stage):
    program = stage.run("watched.py", "loop", FORETELL_ACTIONS="agent_loop=halt")
    run = stage.load(run_of(program))

    assert ["agent_loop"] == program.said("halted")
    assert "outside" in program.stdout.split()
    assert (Outcome.HALTED, Outcome.HALTED) == (run.summary.outcome, run.calls[-1].outcome)
    assert len(run.calls) < 21


def test_many_findings_that_last_to_the_end_hold_nothing_up(stage):
    """Each is told to be over as the program ends, which takes the moment that it takes without them."""
    program = stage.run("watched.py", "crowd")
    store = Store.open(stage.directory / ".foretell", now_ns=time.time_ns)
    with store.reading() as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM logs WHERE event_name = 'foretell.finding'")]
    store.close()

    assert 0 == program.returncode
    assert 60 == sum(body.startswith("Over after") for body in bodies)


def test_off_finds_nothing(stage):
    run = stage.load(run_of(stage.run("watched.py", "loop", FORETELL_ACTIONS="agent_loop=off")))

    assert () == run.findings


def test_an_action_of_an_unknown_trigger_is_refused_with_the_nearest_name(stage):
    program = stage.run("watched.py", "loop", FORETELL_ACTIONS="agent_lop=halt")

    assert 1 == program.returncode
    assert "Did you mean 'agent_loop'?" in program.stderr


def test_a_paused_run_goes_on_when_another_terminal_says_so(stage):
    program = stage.start("watched.py", "loop", FORETELL_ACTIONS="agent_loop=pause")
    program.wait_for("running")
    run_id = run_of(program)
    stage.wait_for_pause(run_id)
    time.sleep(0.7)  # long enough to be noticed
    listed = json.loads(stage.run("-m", "foretell.cli", "runs", "--json").stdout)
    resumed = stage.run("-m", "foretell.cli", "resume", run_id[:8], "--json")
    program.end()

    assert {"schema": "foretell.resume/1", "run_id": run_id, "trigger": "agent_loop", "goes_on": True} == json.loads(
        resumed.stdout
    )
    assert ["agent_loop"] == [run["paused_by"] for run in listed["runs"]]
    assert "waited" in program.stdout.split()
    assert 1 == program.stderr.count(f"foretell resume {run_id}")
    assert [Outcome.OK] * 21 == outcomes(stage.load(run_id))
    assert [] == stage.pauses()


def test_a_pause_that_nobody_ends_is_over_after_its_time_limit(stage):
    program = stage.run("watched.py", "loop", FORETELL_ACTIONS="agent_loop=pause", FORETELL_PAUSE_LIMIT_S="1")

    assert 1 == program.stdout.split().count("waited")
    assert "done" in program.stdout.split()


def test_a_pause_may_end_in_a_halt(stage):
    program = stage.run(
        *("watched.py", "loop"),
        FORETELL_ACTIONS="agent_loop=pause",
        FORETELL_PAUSE_LIMIT_S="0.5",
        FORETELL_PAUSE_THEN="halt",
    )

    assert ["agent_loop"] == program.said("halted")


def test_the_pause_of_a_killed_process_does_not_linger(stage):
    program = stage.start("watched.py", "loop", FORETELL_ACTIONS="agent_loop=pause")
    program.wait_for("running")
    run_id = run_of(program)
    stage.wait_for_pause(run_id)
    program.send_signal(signal.SIGKILL)
    program.end()

    assert [] == stage.pauses()
    refused = stage.run("-m", "foretell.cli", "resume")
    assert (2, "foretell: No run is paused.\n") == (refused.returncode, refused.stderr)


def test_the_findings_about_a_run_of_a_killed_process_are_over(stage):
    program = stage.start("watched.py", "loop", FORETELL_ACTIONS="agent_loop=pause")
    program.wait_for("running")
    stage.wait_for_pause(run_of(program))
    time.sleep(0.35)  # what is 100 ms old is kept
    program.send_signal(signal.SIGKILL)
    run = stage.load(run_of(program.end()))

    assert Outcome.ABORTED is run.summary.outcome
    assert [True] == [finding.end_ns is not None for finding in run.findings]


def test_a_paused_run_on_an_event_loop_waits_at_the_next_await_and_never_holds_up_the_loop(stage):
    program = stage.run("watched.py", "later", FORETELL_ACTIONS="agent_loop=pause", FORETELL_PAUSE_LIMIT_S="2")
    run = stage.load(run_of(program))
    waited = [call.name for call in run.calls for event in call.events or () if event.name == "foretell.paused"]

    assert ["look_later"] == waited
    assert float(program.said("longest")[0]) < 1.0


def test_functions_that_hang_or_raise_change_nothing_and_are_said_once(stage):
    program = stage.run("watched.py", "functions", FORETELL_CALLBACK_LIMIT_S="0.2")

    assert ["begun", "over"] == program.said("heard")
    assert (0, True) == (program.returncode, "done" in program.stdout.split())
    assert 1 == program.stderr.count("fail() of on_finding has raised ValueError (mine)")
    assert 1 == program.stderr.count("has not returned for 0.2 s")


def test_a_nudge_that_helps_is_recorded(stage):
    run = stage.load(run_of(stage.run("watched.py", "nudge")))
    (finding,) = run.findings

    assert (True, "told to stop") == (finding.evidence["nudge"]["helped"], finding.evidence["nudge"]["said"])
    assert ["nudging"] == [call.name for call in run.calls if call.name == "nudging"]


def test_a_webhook_gets_each_finding_as_it_begins_and_ends(stage):
    server = Collector()
    try:
        program = stage.run("watched.py", "loop", FORETELL_WEBHOOK_URL=f"{server.url}/hook")
        bodies = [json.loads(body) for path, _, body in server.requests if path == "/hook"]
    finally:
        server.close()

    assert ["firing", "resolved"] == [body["status"] for body in bodies]
    assert run_of(program) == bodies[0]["alerts"][0]["annotations"]["run_id"]


def test_a_webhook_that_is_not_there_costs_the_program_nothing(stage):
    program = stage.run("watched.py", "loop", FORETELL_WEBHOOK_URL="http://127.0.0.1:9/hook")

    assert (0, 1) == (program.returncode, program.stderr.count("The webhook of the findings has raised"))


def test_a_forked_child_is_halted_alone(stage):
    program = stage.run("watched.py", "fork", FORETELL_ACTIONS="agent_loop=halt")

    assert (["agent_loop"], ["goes-on"]) == (program.said("halted"), program.said("parent"))


def test_a_collector_gets_a_finding_as_log_event_and_metric(stage):
    server = Collector()
    try:
        stage.run("watched.py", "loop", endpoint=server.url)
        bodies = {
            path: b"".join(body for at, _, body in server.requests if at == path) for path, _, _ in server.requests
        }
    finally:
        server.close()

    assert b"nothing there" not in b"".join(bodies.values())
    assert 2 == bodies["/v1/logs"].count(b"commentary")
    assert b"foretell.finding" in bodies["/v1/traces"]
    assert b"foretell.finding.active" in bodies["/v1/metrics"]
    assert b"foretell.finding.time_to_resolve" in bodies["/v1/metrics"]


def test_after_shutdown_no_thread_is_left(stage):
    program = stage.run("watched.py", "threads")

    assert [] == program.said("left")
    assert "done" in program.stdout.split()
