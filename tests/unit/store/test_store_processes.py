"""Several processes share one store; what a killed one left open is aborted, and nothing is lost between them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from foretell.model.kinds import Outcome
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store.aborts import settle_dead
from foretell.store.processes import lease_slot, list_processes
from foretell.store.writing.writer import StoreSink

_CALLS = """
import os, sys, time
from pathlib import Path
from foretell.model.call import Call
from foretell.model.kinds import Kind, Outcome
from foretell.store.store import Store
from foretell.store.writing.writer import StoreSink

def call(id, run, end=True):
    made = Call(Kind.AGENT, "a", id=id, trace_id=run, run_id=f"{run:016x}", start_ns=time.time_ns())
    if end:
        made.end_ns, made.outcome = time.time_ns(), Outcome.OK
    return made

store = Store.open(Path(sys.argv[1]), now_ns=time.time_ns)
sink = StoreSink(store, service_name="worker")
me = int(sys.argv[2])
"""

_WRITE = (
    _CALLS
    + """
for number in range(40):
    sink.take([call(me * 10_000 + number * 100 + i + 2, 1) for i in range(5)])
    sink.write()
print(sink.flush(30), dict(sink.dropped), dict(sink.problems))
sink.close()
"""
)

_HANG = (
    _CALLS
    + """
sink.take([call(8, 7)])
sink.take_open([call(7, 7, end=False), call(9, 7, end=False)])
sink.write()
print("ready", flush=True)
time.sleep(600)
"""
)

_WAIT = (
    _CALLS
    + """
root, model = call(7, 7, end=False), call(8, 7, end=False)
sink.take_open([root, model])
sink.write()
for one in (model, root):
    one.end_ns, one.outcome = time.time_ns(), Outcome.OK
sink.take_open([root, model])
sink.write()
print("ready", flush=True)
time.sleep(600)
"""
)

_LEASE = (
    _CALLS
    + """
from foretell.store.processes import lease_slot
print(lease_slot(store, sys.argv[3]), flush=True)
sys.stdin.read()
"""
)

_FORK = (
    _CALLS
    + """
sink.take([call(1, 1)])
sink.write()
child = os.fork()
if child == 0:
    sink.after_fork()
    sink.take([call(2, 2)])
    sink.write()
    sink.close()
    os._exit(0)
os.waitpid(child, 0)
sink.take([call(3, 3)])
sink.write()
print(dict(sink.problems))
"""
)


def start(script, *arguments, **options):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


@pytest.fixture
def hung(directory, store):
    """A process that has written one finished and two open calls, and hangs."""
    process = start(_HANG, directory, 1)
    assert "ready\n" == process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_eight_processes_write_at_once_and_nothing_is_lost(directory, store, reader):
    """One run, written by all of them: every call is there, and its line sums them."""
    processes = [start(_WRITE, directory, number) for number in range(8)]
    said = {process.communicate(timeout=120)[0].strip() for process in processes}
    run = reader.load_run(f"{1:016x}")

    assert ({"True {} {}"}, 1600, 1600) == (said, len(run.calls), run.summary.call_count)


def test_calls_of_a_living_process_are_open(hung, reader):
    run = reader.load_run(f"{7:016x}")

    assert (Outcome.OPEN, {7: Outcome.OPEN, 8: Outcome.OK, 9: Outcome.OPEN}, 3) == (
        run.summary.outcome, {call.id: call.outcome for call in run.calls}, run.summary.call_count
    )  # fmt: skip


def test_calls_of_a_killed_process_are_aborted(hung, reader, store):
    """At its last heartbeat, for good, and told from the finished ones."""
    hung.send_signal(signal.SIGKILL)
    hung.wait()
    run = reader.load_run(f"{7:016x}")
    with store.reading() as connection:
        [process] = list_processes(connection)
        left = connection.execute("SELECT count(*) FROM open_calls").fetchone()[0]

    assert {7: Outcome.ABORTED, 8: Outcome.OK, 9: Outcome.ABORTED} == {call.id: call.outcome for call in run.calls}
    assert (Outcome.ABORTED, 3, 0, 0) == (run.summary.outcome, run.summary.call_count, run.summary.error_count, left)
    assert {max(process.heartbeat_ns, run.calls[0].start_ns)} == {run.summary.end_ns}


def test_calls_of_a_killed_process_that_waited_for_their_price_ended_as_they_did(directory, store, reader):
    """A sink hears of them as open calls that have an end."""
    process = start(_WAIT, directory, 1)
    assert "ready\n" == process.stdout.readline()
    living = {call.id: call.outcome for call in reader.load_run(f"{7:016x}").calls}
    process.kill()
    process.communicate()
    run = reader.load_run(f"{7:016x}")

    assert {7: Outcome.OK, 8: Outcome.OK} == living == {call.id: call.outcome for call in run.calls}
    assert (Outcome.OK, 2, run.calls[0].end_ns) == (run.summary.outcome, run.summary.call_count, run.summary.end_ns)


def test_a_read_only_reader_shows_the_same(hung, open_store):
    """Nothing can be settled there, but what is shown is no different."""
    hung.send_signal(signal.SIGKILL)
    hung.wait()
    looked = StoreReader(open_store(read_only=True)).load_run(f"{7:016x}")
    settled = StoreReader(open_store()).load_run(f"{7:016x}")

    assert settled.summary == looked.summary
    assert [(call.id, call.outcome, call.end_ns) for call in settled.calls] == [
        (call.id, call.outcome, call.end_ns) for call in looked.calls
    ]


def test_killed_runs_are_found_by_their_outcome(hung, open_store):
    hung.send_signal(signal.SIGKILL)
    hung.wait()
    reader = StoreReader(open_store(read_only=True))

    assert ([f"{7:016x}"], []) == (
        [run.id for run in reader.find_runs(RunQuery(outcome=Outcome.ABORTED))],
        list(reader.find_runs(RunQuery(outcome=Outcome.OPEN))),
    )


def elsewhere(store):
    """Make the writing process one of another machine, which only its heartbeat tells from a dead one."""
    with store.transaction() as connection:
        connection.execute("UPDATE processes SET host = 'elsewhere'")


@pytest.mark.parametrize(("silence_s", "outcome"), [(29, Outcome.OPEN), (31, Outcome.ABORTED)])
def test_another_machine_is_dead_after_thirty_silent_seconds(make, sink, store, reader, clock, silence_s, outcome):
    root = make.root()
    sink.take_open([root])
    sink.write()
    elsewhere(store)
    clock.pass_s(silence_s)

    assert outcome is reader.load_run(root.run_id).summary.outcome


def test_one_who_comes_back_from_the_dead_ends_its_call_once(make, sink, store, reader, clock):
    """A process that only slept finishes a call that was taken for aborted: its own word counts."""
    root = make.root()
    sink.take_open([root])
    sink.write()
    elsewhere(store)
    clock.pass_s(60)
    settled = settle_dead(store)
    make.end(root)
    root.end_ns = clock.now
    sink.take([root])
    sink.write()
    run = reader.load_run(root.run_id)

    assert (1, Outcome.OK, [Outcome.OK]) == (settled, run.summary.outcome, [call.outcome for call in run.calls])


def test_a_process_that_said_goodbye_leaves_nothing_open(make, sink, reader):
    root = make.root()
    sink.take_open([root])
    sink.write()
    sink.close()

    assert Outcome.ABORTED is reader.load_run(root.run_id).summary.outcome


def test_settling_twice_changes_nothing(make, sink, store, reader):
    root = make.root()
    sink.take_open([root])
    sink.write()
    sink.close()
    counts = (settle_dead(store), settle_dead(store))

    assert ((1, 0), 1) == (counts, reader.load_run(root.run_id).summary.call_count)


def test_slots_are_the_lowest_free_and_come_back(directory, store):
    """Two living processes differ; the slot of a dead one is given again; other services do not matter."""
    first, second = start(_LEASE, directory, 1, "shop"), None
    slots = [first.stdout.readline().strip()]
    second = start(_LEASE, directory, 2, "shop")
    slots.append(second.stdout.readline().strip())
    first.communicate("")
    slots += [str(lease_slot(store, "shop")), str(lease_slot(store, "shop")), str(lease_slot(store, "other"))]
    second.communicate("")

    assert ["0", "1", "0", "0", "0"] == slots


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_parent_and_child_both_go_on_after_a_fork(directory, store, reader):
    said = start(_FORK, directory, 1).communicate(timeout=60)[0].strip()

    assert ("{}", {1, 2, 3}) == (said, {int(run.id, 16) for run in reader.find_runs(RunQuery())})


def test_two_sinks_of_one_process_are_one_process(make, store):
    for _ in range(2):
        sink = StoreSink(store, service_name="shop")
        sink.take([make.ended_root()])
        sink.write()
    with store.reading() as connection:
        assert 1 == len(list_processes(connection))
