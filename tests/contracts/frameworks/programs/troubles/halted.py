"""Clients whose run is halted: says which requests went through, which were refused, and what is left of us afterwards."""

import asyncio
import contextvars
import sys
import time

from attributes import list_attributes, list_changes
from requests_of import PACKAGES, find_requests

import foretell


def ask(runner, request):
    """Send a request, of whichever kind; tell how it ended."""

    async def wait():
        return await request()

    try:
        if runner is None:
            request()
        else:
            runner.run(wait(), context=contextvars.copy_context())
    except foretell.RunHalted:
        return "halted"
    return "went through"


def ask_all(requests, runner):
    for name, request in requests.items():
        print(f"{name}: {ask(runner if name.startswith('async') else None, request)}", flush=True)


@foretell.instrument_tool
def look(place):
    time.sleep(0.02)
    return "nothing there"


def be_halted():
    """Repeat a step, and learn nothing new."""
    try:
        for _ in range(200):
            look("under the bed")
    except foretell.RunHalted:
        return
    print("nobody halts")


def main(name):
    foretell.shutdown()
    with asyncio.Runner() as runner:
        requests = find_requests(name)
        ask_all(requests, runner)  # what is loaded at its first use is loaded now
        before = list_attributes(PACKAGES)
        foretell.init(actions={"agent_loop": "halt"}, integrations="auto")
        requests = find_requests(name)  # Cohere's client binds its methods when it is made
        ask_all(requests, runner)
        with foretell.agent("halted"):
            be_halted()
            ask_all(requests, runner)
        print(f"patched: {len(list_changes(before)) > 0}")
        foretell.shutdown()
        print(f"left: {list_changes(before)}")


main(sys.argv[1].partition("=")[0])
