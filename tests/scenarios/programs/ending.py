"""Records and ends in the way that is asked for."""

import atexit
import os
import signal
import sys
import threading
import time

from saying import ask, say, work

import foretell


def own_handler(number, frame):
    say("handled", number)
    sys.exit(9)


def go_on():
    while True:
        work("background")
        time.sleep(0.005)


def late():
    time.sleep(0.3)
    work("background")


ending = sys.argv[1]
if ending == "early_handler":
    # Handlers run in reverse: this one after Foretell's own.
    atexit.register(work, "handler")
foretell.init("ending")
work()
ask()
if ending == "exit":
    say("ready")
    sys.exit(3)
elif ending == "handler":
    atexit.register(work, "handler")
elif ending == "error":
    raise ValueError("no luck")
elif ending == "error_inside":
    with foretell.agent("unlucky") as unlucky:
        say("ended", f"{unlucky.id:016x}")
        raise ValueError("no luck")
elif ending == "daemon":
    threading.Thread(target=go_on, daemon=True).start()
    time.sleep(0.2)
elif ending == "thread":
    threading.Thread(target=late).start()
elif ending == "_exit":
    time.sleep(0.4)
    work()
    os._exit(4)
elif ending == "own_handler":
    signal.signal(signal.SIGTERM, own_handler)
if ending in ("wait", "own_handler"):
    say("ready")
    time.sleep(30)
elif ending == "busy":
    say("ready")
    while True:
        foretell.flush()
        work()
