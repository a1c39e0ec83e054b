"""Clients whose run is paused: says whether a request waits, whether its event loop goes on, and what comes of it."""

import asyncio
import contextvars
import sys
import threading
import time

from requests_of import find_requests

import foretell

WAIT_S = 0.4
noticed, is_over = threading.Event(), threading.Event()


@foretell.instrument_tool
def look(place):
    time.sleep(0.02)
    return "nothing there"


def repeat():
    """The same step again and again, until it is held itself."""
    while not is_over.is_set():
        look("under the bed")


def tell(finding):
    noticed.set()


def describe(is_done):
    return "does not wait" if is_done else "waits"


def ask(request):
    """On a thread of its own, which may be held up."""
    asking = threading.Thread(target=foretell.propagate(request))
    asking.start()
    asking.join(WAIT_S)
    yield describe(not asking.is_alive())
    asking.join(30)
    yield "went through" if not asking.is_alive() else "hangs"


async def ask_later(request, resume):
    """On an event loop, which may not be."""

    async def send():
        return await request()

    asking = asyncio.ensure_future(send())
    await asyncio.sleep(WAIT_S)
    said = describe(asking.done())
    resume()
    await asyncio.wait_for(asking, 30)
    return said, "went through"


def ask_paused(kind, request, runner):
    """Have a run paused, and send a request in it; it is resumed when the request has been seen to wait."""
    noticed.clear()
    is_over.clear()
    with foretell.agent(f"paused {kind}") as agent:
        repeating = threading.Thread(target=foretell.propagate(repeat))
        repeating.start()
        noticed.wait(30)
        time.sleep(0.1)
        is_over.set()
        if kind.startswith("async"):
            later = ask_later(request, lambda: foretell.resume(agent.run_id))
            told = runner.run(later, context=contextvars.copy_context())
        else:
            asking = ask(request)
            told = [next(asking)]
            foretell.resume(agent.run_id)
            told.append(next(asking))
        repeating.join(30)
    print(f"{kind}: {', '.join(told)}", flush=True)


def main(name):
    foretell.shutdown()
    foretell.init(actions={"agent_loop": "pause"}, integrations="auto")
    foretell.on_finding("agent_loop")(tell)
    with asyncio.Runner() as runner:
        for kind, request in find_requests(name).items():
            ask_paused(kind, request, runner)


main(sys.argv[1].partition("=")[0])
