"""Sets up and takes down many times, and says what is left."""

import signal
import threading
from pathlib import Path

from opentelemetry import trace
from saying import ask, say, work

import foretell

setter = trace.set_tracer_provider


def count_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def cycle():
    foretell.init("cycles")
    foretell.init("another")
    work()
    ask()
    foretell.shutdown()
    foretell.shutdown()


cycle()
files = count_files()
for _ in range(20):
    cycle()
say("threads", ",".join(sorted(thread.name for thread in threading.enumerate())))
say("files", count_files() - files)
say("setter", trace.set_tracer_provider is setter)
say("signal", signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
