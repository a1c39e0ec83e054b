"""What a look at the process tells."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from foretell.watchdog.probes.process import ProcessProbe, ThreadClock, name_role, parse_disk, parse_traffic

S = 1_000_000_000
NET_DEV = b"""Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 99999       0    0    0    0     0          0         0    99999       0    0    0    0     0       0          0
  eth0:    1000      10    0    0    0     0          0         0      200       5    0    0    0     0       0          0
  eth1:3       1    0    0    0     0          0         0        4       1    0    0    0     0       0          0
"""
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")


@pytest.fixture
def probe():
    probe = ProcessProbe()
    yield probe
    probe.close()


@pytest.fixture
def nowhere(tmp_path):
    """As on a system without /proc."""
    probe = ProcessProbe(str(tmp_path / "none"))
    yield probe
    probe.close()


@on_linux
def test_memory_is_what_the_kernel_says(probe):
    """Resident bytes, a process of Python has some megabytes."""
    sample = probe.sample(1 * S)

    assert sample.rss_bytes == probe.last_rss_bytes
    assert 1_000_000 < sample.rss_bytes < 100_000_000_000


@on_linux
def test_open_files_are_counted(probe):
    """One more open file is one more."""
    before = probe.sample(1 * S).open_files
    with Path(os.devnull).open():
        assert before + 1 == probe.sample(2 * S).open_files


@on_linux
def test_threads_are_counted_with_their_role(probe):
    """The main thread is told from those of executors, of Foretell, and others."""
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait, name=name) for name in ("foretell-worker", "asyncio_0", "mine")]
    for thread in threads:
        thread.start()
    before = len(os.listdir("/proc/self/task"))  # noqa: PTH208  # a count
    sample = probe.sample(1 * S)
    after = len(os.listdir("/proc/self/task"))  # noqa: PTH208  # a count
    stop.set()
    for thread in threads:
        thread.join()

    # The same number, unless a thread of another test ended just then.
    assert after <= sample.thread_count <= before
    assert 4 <= sample.thread_count
    assert "main" == sample.thread_roles[threading.main_thread().native_id]
    assert ["foretell", "executor", "other"] == [sample.thread_roles[thread.native_id] for thread in threads]
    assert set(sample.thread_cpu_s) == set(sample.thread_roles)


def test_cpu_time_grows(probe):
    """Work shows in the process and in the thread that did it."""
    before = probe.sample(1 * S)
    sum(number * number for number in range(300_000))
    after = probe.sample(3 * S)

    assert after.cpu_user_s + after.cpu_system_s > before.cpu_user_s + before.cpu_system_s


@on_linux
def test_cpu_time_of_a_role_grows(probe):
    """The main thread's work is the role's."""
    before = probe.sample(1 * S)
    sum(number * number for number in range(300_000))

    assert probe.sample(3 * S).role_cpu_s["main"] > before.role_cpu_s["main"]


@on_linux
def test_a_thread_that_ended_stays_in_its_roles_sum():
    """A counter never falls."""
    clock = ThreadClock()
    thread_done, stop = threading.Event(), threading.Event()

    def work():
        sum(number for number in range(100_000))
        thread_done.set()
        stop.wait()

    thread = threading.Thread(target=work, name="foretell-x")
    thread.start()
    thread_done.wait()
    clock.measure([thread.native_id], [thread])
    used_s = clock.role_cpu_s["foretell"]
    stop.set()
    thread.join()
    clock.measure([], [])

    assert 0 < used_s == clock.role_cpu_s["foretell"]
    assert {} == clock.cpu_s


@on_linux
def test_a_thread_that_is_gone_is_no_fault():
    """A thread may end between being listed and being read."""
    clock = ThreadClock()
    clock.measure([2**22 + 1], [])

    assert {} == clock.cpu_s


def test_the_main_thread_has_a_role():
    """Whatever its name."""
    assert "main" == name_role(threading.main_thread())


def test_asked_again_within_a_second_it_does_not_look_again(probe):
    """At most once a second, whoever asks."""
    first = probe.sample(10 * S)

    assert probe.sample(10 * S + 900_000_000) is first
    assert 11 * S == probe.sample(11 * S).time_ns


def test_a_clock_that_went_back_does_not_stop_it(probe):
    """Time may be set back by an hour."""
    probe.sample(5000 * S)

    assert 1400 * S == probe.sample(1400 * S).time_ns


def test_traffic_is_that_of_all_interfaces_but_the_loopback():
    """Numbers may touch the colon."""
    assert (1003, 204) == parse_traffic(NET_DEV)


def test_disk_is_what_was_really_fetched_and_sent():
    """Not what the page cache had."""
    text = b"rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 5\nwrite_bytes: 4\ncancelled_write_bytes: 3\n"

    assert (5, 4) == parse_disk(text)


@pytest.mark.parametrize("text", [b"", b"nonsense", b"a\nb\nc\n"])
def test_what_cannot_be_read_is_unknown(text):
    """Unknown is None, never 0."""
    assert (None, None) == parse_traffic(text)
    assert (None, None) == parse_disk(text)


def test_elsewhere_less_is_known(nowhere):
    """Without /proc there is still CPU time, and the highest memory so far."""
    sample = nowhere.sample(1 * S)

    assert (None, None, None) == (sample.open_files, sample.received_bytes, sample.read_bytes)
    assert sample.cpu_user_s > 0
    assert sample.rss_bytes is None or sample.rss_bytes > 0
    assert sample.thread_count >= 1


@on_linux
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_looks_at_itself(probe):
    """After a fork the numbers are the child's, not the parent's."""
    ballast = bytearray(os.urandom(1)) * 60_000_000
    probe.sample(1 * S)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ballast.clear()
        probe.after_fork()
        os.write(writing, str(probe.sample(1 * S).rss_bytes).encode())
        os._exit(0)
    os.waitpid(child, 0)
    in_child = int(os.read(reading, 100))
    os.close(reading)
    os.close(writing)

    assert probe.sample(2 * S).rss_bytes - in_child > 30_000_000
    assert 60_000_000 == len(ballast)
