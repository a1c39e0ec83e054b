"""The life of processes: whatever ends, forks or kills them, what was recorded is kept, and nothing else changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from foretell.model.kinds import Outcome
from tests.contracts.collector import Collector
from tests.support.processes import Stage, end, received, resources, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX's"),
]
USER_TRACEBACK = (
    'Traceback (most recent call last):\n  File "{file}", line {line}, in <module>\n    {code}\nValueError: no luck\n'
)


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


@pytest.mark.parametrize("state", ["warm", "cold"])
def test_what_a_killed_process_had_ended_is_kept_and_what_was_open_is_aborted(stage, state):
    """The very first model call of a process may still wait for its price, and then is kept as it was when it opened."""
    process = stage.start("killed.py", state)
    heard = wait_for(process, "ready")
    time.sleep(0.35)
    process.kill()
    process.communicate()

    ended, opened = ([line.split()[1] for line in heard if line.startswith(word)] for word in ("ended", "opened"))
    stored = stage.stored()
    assert set(ended) <= stored.keys()
    assert {Outcome.OK} == {stored[id] for id in (ended if state == "warm" else ended[:-1])}
    assert [Outcome.ABORTED] * 3 == [stored.get(id) for id in opened]


def test_show_draws_the_tree_of_a_killed_run(stage):
    process = stage.start("killed.py", "warm")
    wait_for(process, "ready")
    time.sleep(0.35)
    process.kill()
    process.communicate()
    shown = subprocess.run(
        [sys.executable, "-m", "foretell.cli", "show", "--json"],
        cwd=stage.directory, env=stage.environment(), capture_output=True, text=True, timeout=40, check=True,
    )  # fmt: skip
    shape = json.loads(shown.stdout)
    names = {call["id"]: call["name"] for call in shape["calls"]}
    tree = {(names.get(call["parent_id"]), call["name"], call["outcome"]) for call in shape["calls"]}

    assert ("outer", "aborted") == (shape["run"]["name"], shape["run"]["outcome"])
    assert tree == {
        (None, "outer", "aborted"),
        ("outer", "quick", "ok"),
        ("quick", "look", "ok"),
        ("outer", "gpt-4o-mini", "ok"),
        ("outer", "long", "aborted"),
        ("long", "gpt-4o", "aborted"),
    }


# -- ending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "code"), [("exit", 3), ("daemon", 0), ("thread", 0), ("thread_init", 0), ("early_handler", 0)]
)
def test_a_program_that_ends_by_itself_leaves_nothing_behind_and_says_nothing_of_ours(stage, collector, ending, code):
    done = stage.run("ending.py", ending, endpoint=collector.url)
    stage.run("ending.py", "later", endpoint=collector.url, FORETELL_STORE=str(stage.directory / ".foretell"))

    assert (code, "") == (done.returncode, done.stderr)
    assert set(done.said("ended")) <= set(stage.stored())


@pytest.mark.parametrize("ending", ["error", "error_inside"])
def test_an_unhandled_exception_ends_the_program_as_ever(stage, collector, ending):
    done = stage.run("ending.py", ending, endpoint=collector.url)
    trace = done.stderr.splitlines()

    assert 1 == done.returncode
    assert ["Traceback (most recent call last):", "ValueError: no luck"] == [trace[0], trace[-1]]
    assert not [line for line in trace if "foretell" in line and "with foretell." not in line]
    assert 1 == len([line for line in trace if line.startswith("  File ")])
    assert set(done.said("ended")) <= set(stage.stored())


@pytest.mark.parametrize("ending", ["wait", "busy"])
def test_sigterm_ends_the_program_by_the_signal_and_nothing_is_lost(stage, collector, ending):
    process = stage.start("ending.py", ending, endpoint=collector.url)
    heard = wait_for(process, "ready")
    time.sleep(0.3 if ending == "busy" else 0)
    process.send_signal(signal.SIGTERM)
    done = end(process)

    assert (-signal.SIGTERM, "") == (done.returncode, done.stderr)
    assert_kept_once(
        stage, collector, [line.split()[1] for line in heard if line.startswith("ended")] + done.said("ended")
    )


def test_a_sigterm_handler_of_the_program_is_left_alone(stage, collector):
    process = stage.start("ending.py", "handler", endpoint=collector.url)
    heard = wait_for(process, "ready")
    process.send_signal(signal.SIGTERM)
    done = end(process)

    assert (9, "", ["15"]) == (done.returncode, done.stderr, done.said("handled"))
    assert_kept_once(stage, collector, [line.split()[1] for line in heard if line.startswith("ended")])


def test_ctrl_c_ends_the_program_as_ever(stage, collector):
    process = stage.start("ending.py", "interrupt", endpoint=collector.url)
    heard = wait_for(process, "ready")
    process.send_signal(signal.SIGINT)
    done = end(process)

    assert -signal.SIGINT == done.returncode
    assert "KeyboardInterrupt" == done.stderr.splitlines()[-1]
    assert "/foretell/" not in done.stderr
    assert_kept_once(stage, collector, [line.split()[1] for line in heard if line.startswith("ended")])


def test_an_abrupt_exit_loses_no_more_than_the_last_tick(stage):
    done = stage.run("ending.py", "_exit")
    safe = done.stdout[: done.stdout.index("safe")].split()

    assert (4, "") == (done.returncode, done.stderr)
    assert set(safe) - {"ended"} <= set(stage.stored())


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
    (("unrecorded",), ["0"], 2),
]


@pytest.mark.parametrize(("arguments", "codes", "count"), CHILDREN, ids=[" ".join(case[0]) for case in CHILDREN])
def test_what_children_record_is_kept_and_arrives_once(stage, collector, arguments, codes, count):
    done = stage.run("children.py", *arguments, endpoint=collector.url)
    ended = done.said("ended")

    assert (0, "", codes) == (done.returncode, done.stderr, done.said("child"))
    assert count == len(ended)
    assert_kept_once(stage, collector, ended)


def test_every_process_has_an_instance_of_its_own(stage, collector):
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
def test_workers_of_gunicorn_record(stage, collector, how, tmp_path):
    pytest.importorskip("gunicorn")
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"unix:{tmp_path}/web", "--log-level", "warning",
         "--no-control-socket", *how, "web:app"],
        cwd=tmp_path, env=stage.environment(collector.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    first = ask(f"{tmp_path}/web")
    with ThreadPoolExecutor(8) as people:
        answers = [first, *people.map(ask, [f"{tmp_path}/web"] * 40)]
    server.send_signal(signal.SIGTERM)
    done = end(server)

    assert (0, "") == (done.returncode, done.stderr)
    assert 2 == len({answer[0] for answer in answers})
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
    port = request.getfixturevalue(f"{trouble}_port")
    process = stage.start("ending.py", ending, endpoint=f"http://127.0.0.1:{port}", FORETELL_FLUSH_TIMEOUT_S="1.5")
    heard = wait_for(process, "ready") if ending == "wait" else []
    process.send_signal(signal.SIGTERM) if ending == "wait" else None
    first = end(process)
    collector = Collector()
    later = stage.run("ending.py", "exit", endpoint=collector.url)
    collector.close()

    ended = [line.split()[1] for line in heard if line.startswith("ended")] + first.said("ended")
    assert (3, "", "") == (later.returncode, first.stderr, later.stderr)
    assert_kept_once(stage, collector, ended + later.said("ended"))


# -- taking down -----------------------------------------------------------------------------------------------------


def test_setting_up_and_taking_down_leaves_nothing_behind(stage, collector):
    done = stage.run("cycles.py", endpoint=collector.url)

    assert (0, "") == (done.returncode, done.stderr)
    assert ["MainThread"] == done.said("threads")
    assert ["0"] == done.said("files")
    assert ["True", "True"] == done.said("setter") + done.said("signal")
    assert_kept_once(stage, collector, done.said("ended"))
