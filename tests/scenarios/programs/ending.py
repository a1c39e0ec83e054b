"""Records and ends in the way that is asked for."""

import atexit
import os
import signal
import sys
import threading
import time

if sys.argv[1] == "early_handler":
    atexit.register(lambda: work("late"))

from saying import ask, say, work

import foretell


def own_handler(number, frame):
    say("handled", number)
    sys.exit(9)


def in_background(is_daemon):
    def go_on():
        while True:
            work("background")
            time.sleep(0.005)

    def once():
        time.sleep(0.3)
        work("background")

    threading.Thread(target=go_on if is_daemon else once, daemon=is_daemon).start()


foretell.init("ending")
work()
ask()
ending = sys.argv[1]
if ending == "exit":
    sys.exit(3)
elif ending == "error":
    raise ValueError("no luck")
elif ending == "error_inside":
    with foretell.agent("unlucky"):
        raise ValueError("no luck")
elif ending == "daemon":
    in_background(True)
    time.sleep(0.2)
elif ending == "thread":
    in_background(False)
elif ending == "_exit":
    time.sleep(0.4)
    say("safe")
    work()
    os._exit(4)
elif ending == "handler":
    signal.signal(signal.SIGTERM, own_handler)
elif ending == "thread_init":
    pass
if ending in ("wait", "handler", "interrupt"):
    say("ready")
    time.sleep(30)
elif ending == "busy":
    say("ready")
    while True:
        foretell.flush()
        work()
