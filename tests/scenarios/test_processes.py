"""The life of processes: whatever ends, forks or kills them, what was recorded is kept, and nothing else changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import foretell
from foretell.model.kinds import Outcome
from tests.contracts.collector import Collector
from tests.support.processes import Stage, received, resources

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX's"),
]
FLUSH_TIMEOUT_S = 1.5
MARGIN_S = 1.5
"""For the interpreter to end in, on a busy machine."""


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def closed_port():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def assert_kept_once(stage, collector, ended):
    """Every span that was said to have ended is in the store, has arrived once, and nothing else has."""
    assert sorted(ended) == sorted(stage.stored())
    assert sorted(ended) == sorted(received(collector))


# -- killed ----------------------------------------------------------------------------------------------------------


def kill_in_the_middle(stage, state):
    """Everything it says is 0.35 s old when it is killed; what is 100 ms old must be kept."""
    program = stage.start("killed.py", state)
    program.wait_for("ready")
    time.sleep(0.35)
    program.send_signal(signal.SIGKILL)
    return program.end()


@pytest.mark.parametrize("state", ["warm", "cold"])
def test_what_a_killed_process_had_ended_is_kept_and_what_was_open_is_aborted(stage, state):
    """The very first model call of a process may still wait for its price: it is kept without one."""
    killed = kill_in_the_middle(stage, state)
    ended, stored = killed.said("ended"), stage.stored()

    assert set(ended) <= stored.keys()
    assert {Outcome.OK} == {stored[id] for id in ended}
    assert [Outcome.ABORTED] * 3 == [stored.get(id) for id in killed.said("opened")]


def test_show_draws_the_tree_of_a_killed_run(stage):
    kill_in_the_middle(stage, "warm")
    shape = json.loads(stage.run("-m", "foretell.cli", "show", "--json").stdout)
    names = {call["id"]: call["name"] for call in shape["calls"]}

    assert ("outer", "aborted") == (shape["run"]["name"], shape["run"]["outcome"])
    assert {
        (None, "outer", "aborted"),
        ("outer", "quick", "ok"),
        ("quick", "look", "ok"),
        ("outer", "gpt-4o-mini", "ok"),
        ("outer", "long", "aborted"),
        ("long", "gpt-4o", "aborted"),
    } == {(names.get(call["parent_id"]), call["name"], call["outcome"]) for call in shape["calls"]}


# -- ending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "code"), [("exit", 3), ("thread", 0), ("early_handler", 0), ("handler", 0), ("nothing", 0)]
)
def test_whatever_a_program_recorded_before_it_ended_is_kept_and_has_arrived(stage, collector, ending, code):
    done = stage.run("ending.py", ending, endpoint=collector.url)

    assert (code, "") == (done.returncode, done.stderr)
    assert_kept_once(stage, collector, done.said("ended"))


def test_daemon_threads_may_record_until_the_interpreter_stops_them(stage, collector):
    """One of them may be stopped after its call was kept and before it could say so."""
    done = stage.run("ending.py", "daemon", endpoint=collector.url)
    ended, arrived = set(done.said("ended")), received(collector)

    assert (0, "") == (done.returncode, done.stderr)
    assert ended <= stage.stored().keys()
    assert ended <= set(arrived)
    assert len(arrived) == len(set(arrived))


@pytest.mark.parametrize("ending", ["error", "error_inside"])
def test_an_unhandled_exception_ends_the_program_as_ever(stage, collector, ending):
    done = stage.run("ending.py", ending, endpoint=collector.url)
    trace = done.stderr.splitlines()

    assert 1 == done.returncode
    assert ["Traceback (most recent call last):", "ValueError: no luck"] == [trace[0], trace[-1]]
    assert 1 == len([line for line in trace if line.startswith("  File ")])
    assert_kept_once(stage, collector, done.said("ended"))


@pytest.mark.parametrize("doing", ["wait", "busy"])
def test_sigterm_ends_the_program_by_the_signal_and_nothing_is_lost(stage, collector, doing):
    program = stage.start("ending.py", doing, endpoint=collector.url)
    program.wait_for("ready")
    time.sleep(0.3 if doing == "busy" else 0)
    program.send_signal(signal.SIGTERM)
    done = program.end()

    kept = stage.stored()
    assert (-signal.SIGTERM, "") == (done.returncode, done.stderr)
    assert {Outcome.ABORTED} >= {kept.pop(id) for id in set(kept) - set(done.said("ended"))}  # what was open just then
    assert sorted(done.said("ended")) == sorted(kept) == sorted(received(collector))


def test_a_sigterm_handler_of_the_program_is_left_alone(stage, collector):
    program = stage.start("ending.py", "own_handler", endpoint=collector.url)
    program.wait_for("ready")
    program.send_signal(signal.SIGTERM)
    done = program.end()

    assert (9, "", ["15"]) == (done.returncode, done.stderr, done.said("handled"))
    assert_kept_once(stage, collector, done.said("ended"))


def test_ctrl_c_ends_the_program_as_ever(stage, collector):
    program = stage.start("ending.py", "wait", endpoint=collector.url)
    program.wait_for("ready")
    program.send_signal(signal.SIGINT)
    done = program.end()
    trace = done.stderr.splitlines()

    assert -signal.SIGINT == done.returncode
    assert ["Traceback (most recent call last):", "KeyboardInterrupt"] == [trace[0], trace[-1]]
    assert str(Path(foretell.__file__).parent) not in done.stderr
    assert_kept_once(stage, collector, done.said("ended"))


def test_an_abrupt_exit_loses_no_more_than_the_last_tick(stage):
    done = stage.run("ending.py", "_exit")

    assert (4, "") == (done.returncode, done.stderr)
    assert set(done.said("ended")[:3]) <= stage.stored().keys()


# -- children --------------------------------------------------------------------------------------------------------

CHILDREN = [
    (("fork_plain",), ["5"], 6),
    (("fork_inside",), ["5"], 2 * 3 * 2 + 2),
    (("fork_inside", "exit"), ["5"], 2 * 2 + 4 + 2),
    (("fork_decorated",), ["5"], 9),
    (("process", "fork"), ["0", "0"], 6),
    (("process", "spawn"), ["0", "0"], 6),
    (("process", "forkserver"), ["0", "0"], 6),
    (("executor", "fork"), [], 14),
    (("executor", "spawn"), [], 14),
    (("pool", "fork"), [], 14),
    (("pool", "spawn"), [], 14),
    (("terminated",), ["-15"], 2),
    (("terminated_at_once",), ["-15"] * 20, 2),
    (("unrecorded",), ["0"], 2),
]


@pytest.mark.parametrize(("arguments", "codes", "count"), CHILDREN, ids=[" ".join(case[0]) for case in CHILDREN])
def test_what_children_record_is_kept_and_arrives_once(stage, collector, arguments, codes, count):
    done = stage.run("children.py", *arguments, endpoint=collector.url)
    ended = done.said("ended")

    assert (0, "", codes) == (done.returncode, done.stderr, done.said("child"))
    assert count == len(ended)
    assert_kept_once(stage, collector, ended)


def test_a_child_that_leaves_its_parents_blocks_begins_runs_of_its_own(stage):
    """Inside them it goes on with the parent's run."""
    done = stage.run("children.py", "fork_inside")

    assert 0 == done.returncode
    assert [("outer", 10), ("outside", 2), ("outside", 2)] == sorted(stage.trees())


def test_every_process_is_an_instance_of_its_own(stage, collector):
    done = stage.run("children.py", "fork_plain", endpoint=collector.url)

    assert 0 == done.returncode
    assert 2 == len({resource["service.instance.id"] for resource in resources(collector)})


def test_many_threads_and_many_forks_lose_nothing(stage, collector):
    done = stage.run("children.py", "stress", endpoint=collector.url)

    assert (0, "") == (done.returncode, done.stderr)
    assert ["0"] * 10 == done.said("child")
    assert_kept_once(stage, collector, done.said("ended"))


# -- web servers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [(), ("--preload",)], ids=["each_worker", "preload"])
def test_workers_of_gunicorn_record(stage, collector, how):
    address = f"{stage.directory}/web"
    options = ("-w", "2", "-b", f"unix:{address}", "--log-level", "warning", "--no-control-socket", *how)
    server = stage.start("-m", "gunicorn", *options, "web:app", endpoint=collector.url)
    first = ask(address)
    with ThreadPoolExecutor(8) as people:
        answers = [first, *people.map(ask, [address] * 40)]
    server.send_signal(signal.SIGTERM)
    done = server.end()

    assert (0, "") == (done.returncode, done.stderr)
    assert 2 == len({pid for pid, *_ in answers})
    assert_kept_once(stage, collector, [id for _, *ids in answers for id in ids])


def ask(path):
    """One request over a Unix socket, as soon as somebody listens there."""
    for _ in range(400):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(path)
            except OSError:
                time.sleep(0.05)
                continue
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
            return answer.decode().rpartition("\r\n\r\n")[2].split()
    raise AssertionError("nobody answers")


# -- the collector away ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["exit", "wait"])
@pytest.mark.parametrize("trouble", ["closed", "silent"])
def test_without_a_collector_a_program_ends_in_time_and_a_later_one_sends(stage, request, ending, trouble):
    """It says so, unless on a busy machine there was no time to ask the collector even once."""
    url = f"http://127.0.0.1:{request.getfixturevalue(f'{trouble}_port')}"
    program = stage.start("ending.py", ending, endpoint=url, FORETELL_FLUSH_TIMEOUT_S=str(FLUSH_TIMEOUT_S))
    program.wait_for("ready")
    begin_s = time.monotonic()
    if ending == "wait":
        program.send_signal(signal.SIGTERM)
    first = program.end()
    took_s = time.monotonic() - begin_s
    collector = Collector()
    later = stage.run("ending.py", "exit", endpoint=collector.url)
    collector.close()

    said = [line.partition(" (")[0] for line in first.stderr.splitlines()]
    assert (3 if ending == "exit" else -signal.SIGTERM) == first.returncode
    assert set(said) <= {f"foretell: The collector {url.removeprefix('http://')} does not answer"}
    assert (3, "") == (later.returncode, later.stderr)
    assert took_s < FLUSH_TIMEOUT_S + MARGIN_S
    assert_kept_once(stage, collector, first.said("ended") + later.said("ended"))


# -- taking down -----------------------------------------------------------------------------------------------------


def test_setting_up_and_taking_down_leaves_nothing_behind(stage, collector):
    done = stage.run("cycles.py", endpoint=collector.url)

    assert (0, "") == (done.returncode, done.stderr)
    assert ["MainThread"] == done.said("threads")
    assert ["0"] == done.said("files")
    assert ["True", "True"] == done.said("setter") + done.said("signal")
    assert_kept_once(stage, collector, done.said("ended"))
