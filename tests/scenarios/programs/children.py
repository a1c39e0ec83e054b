"""Records in this process and in children of many kinds."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from saying import ask, say, work

import foretell


def task(number):
    work(f"task-{number}")
    return number


def wait_for(pid):
    _, status = os.waitpid(pid, 0)
    say("child", os.waitstatus_to_exitcode(status))


def fork_plain():
    work("before")
    pid = os.fork()
    work("after")
    if pid == 0:
        sys.exit(5)
    wait_for(pid)


def fork_inside():
    """The child leaves the parent's blocks, by an exit in one and by falling out of the other."""
    with foretell.agent("outer") as outer:
        with foretell.tool("inner") as inner:
            pid = os.fork()
            work("inside")
            if pid == 0 and "exit" in sys.argv:
                sys.exit(5)
        if pid:
            say("ended", f"{inner.id:016x}")
        work("between")
    if pid:
        say("ended", f"{outer.id:016x}")
    work("outside")
    if pid == 0:
        sys.exit(5)
    wait_for(pid)


@foretell.instrument_agent
def decorated():
    me = foretell.current_operation().id
    pid = os.fork()
    work("inside")
    return pid, me


def fork_decorated():
    pid, me = decorated()
    work("outside")
    if pid == 0:
        sys.exit(5)
    say("ended", f"{me:016x}")
    wait_for(pid)


def process(method):
    context = multiprocessing.get_context(method)
    children = [context.Process(target=task, args=(number,)) for number in range(2)]
    work("before")
    for child in children:
        child.start()
    for child in children:
        child.join()
        say("child", child.exitcode)


def pool(method):
    work("before")
    with multiprocessing.get_context(method).Pool(2) as workers:
        say("results", sum(workers.map(task, range(6), chunksize=1)))


def executor(method):
    work("before")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as workers:
        say("results", sum(workers.map(task, range(6))))


def terminated():
    """A child that is told to end while it waits."""
    child = multiprocessing.get_context("fork").Process(target=lambda: (work(), say("ready"), time.sleep(30)))
    child.start()
    time.sleep(1)
    child.terminate()
    child.join()
    say("child", child.exitcode)


def terminated_at_once():
    """Children that are told to end before they have run a line."""
    work("before")
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            time.sleep(5)
            sys.exit(5)
        os.kill(pid, signal.SIGTERM)
        wait_for(pid)


def unrecorded():
    """A child that records nothing of its own."""
    work("before")
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0.01,))
    child.start()
    child.join()
    say("child", child.exitcode)


def stress():
    """Eight threads record while children are forked that record too."""
    is_over = threading.Event()

    def go_on():
        while not is_over.is_set():
            work("thread")
            time.sleep(0.002)

    threads = [threading.Thread(target=go_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    ask()
    pids = []
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            for _ in range(20):
                work("forked")
            ask()
            sys.exit(0)
        pids.append(pid)
        time.sleep(0.01)
    for pid in pids:
        wait_for(pid)
    is_over.set()
    for thread in threads:
        thread.join()


foretell.init("children")
if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    {
        function.__name__: function
        for function in (
            fork_plain,
            fork_inside,
            fork_decorated,
            process,
            pool,
            executor,
            terminated,
            terminated_at_once,
            unrecorded,
            stress,
        )
    }[name](*(argument for argument in arguments if argument != "exit"))
