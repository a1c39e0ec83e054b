"""An agent that repeats itself, in the way that the first argument names; what happens to it is said."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

from saying import say

import foretell

STEP_S = 0.05
inbox: list[str] = []


@foretell.instrument_tool
def look(place: str) -> str:
    time.sleep(STEP_S)
    return "nothing there"


@foretell.instrument_tool
async def look_later(place: str) -> str:
    await asyncio.sleep(STEP_S)
    return "nothing there"


@foretell.instrument_agent
def search(times: int) -> None:
    say("run", foretell.current_operation().run_id)
    say("running")
    for _ in range(times):
        if inbox:
            return
        began_s = time.monotonic()
        look("under the bed")
        if time.monotonic() - began_s > 0.5:
            say("waited")


@foretell.instrument_agent
async def search_later(times: int) -> None:
    say("run", foretell.current_operation().run_id)
    say("running")
    for _ in range(times):
        with foretell.tool("plain"):
            """On the event loop's thread."""
        await look_later("under the bed")


def loop(times: int = 20) -> None:
    """The same call with the same result."""
    try:
        search(times)
    except foretell.RunHalted as halted:
        say("halted", halted.trigger)
    say("inside" if foretell.current_operation() else "outside")


def quick() -> None:
    """Over before any watchdog looks."""
    global STEP_S
    STEP_S = 0.0
    loop(8)


def crowd() -> None:
    """A finding about each of sixty models that nobody prices, all of which last to the end."""
    with foretell.agent("crowd") as agent:
        say("run", agent.run_id)
        for number in range(60):
            with foretell.llm(provider="nobody", model=f"unpriced-{number}") as op:
                op.record_usage(input_tokens=10, output_tokens=5)


def later() -> None:
    """On an event loop, whose longest hold-up is told."""

    async def beat(task: asyncio.Task[None]) -> float:
        longest_s = 0.0
        while not task.done():
            began_s = time.monotonic()
            await asyncio.sleep(0.01)
            longest_s = max(longest_s, time.monotonic() - began_s)
        return longest_s

    async def both() -> None:
        task = asyncio.create_task(search_later(12))
        say("longest", await beat(task))

    asyncio.run(both())


def functions() -> None:
    """Functions that hang, raise and hear."""
    foretell.on_finding(lambda finding: threading.Event().wait())

    @foretell.on_finding("agent_loop")
    def fail(finding) -> None:
        raise ValueError("mine")

    @foretell.on_finding("agent_loop", ended=True)
    def hear(finding) -> None:
        say("heard", "begun" if finding.end_ns is None else "over")

    loop()


def nudge() -> None:
    """A word that lets the agent stop in time."""

    @foretell.on_finding("agent_loop", nudge=True)
    def stop(finding) -> str:
        with foretell.step("nudging"):
            inbox.append("stop")
        return "told to stop"

    loop(200)


def fork() -> None:
    """The child repeats itself, its parent does not."""
    with foretell.agent("parent"):
        child = os.fork()
        if child == 0:
            loop()
            foretell.shutdown()
            os._exit(0)
        os.waitpid(child, 0)
        with foretell.tool("afterwards"):
            say("parent", "goes-on")


def threads() -> None:
    """What is left after the end."""
    loop(8)
    foretell.shutdown()
    for thread in threading.enumerate():
        if thread.name.startswith(("foretell", "on_finding")):
            say("left", thread.name)


foretell.init()
globals()[sys.argv[1]]()
say("done")
