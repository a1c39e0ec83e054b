"""Gets into one kind of trouble, or only nearly: `python troubled.py spin_python`, `python troubled.py spin_python quiet`.

It uses the public API alone. It says `onset TIME` as the trouble begins and `found TRIGGER TIME` as somebody noticed.
`TROUBLE_S` is how long the trouble goes on.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import time

import foretell

LASTS_S = float(os.environ.get("TROUBLE_S", "4"))
ANSWER = "The order was sent on Tuesday and will be there on Friday."


def say(word, *more):
    print(word, *more, f"{time.time():.3f}", flush=True)


def begin(is_quiet):
    """Tell when the trouble begins; a quiet twin has none."""
    say("twin" if is_quiet else "onset", "begins")


def ask(number=0, *, model="gpt-4o-mini", tokens=200):
    with foretell.llm(model, provider="openai") as op:
        op.set_input([{"role": "user", "content": f"question {number}"}])
        op.set_output([{"role": "assistant", "content": f"answer {number}: {ANSWER}"}])
        op.record_usage(input_tokens=tokens, output_tokens=20)


@foretell.instrument_tool
def look_up(order, answer="sent"):
    return answer


def leave():
    """End at once, but tell everything first."""
    foretell.flush()
    foretell.shutdown()
    say("done")
    os._exit(0)


# -- what a process takes --------------------------------------------------------------------------------------------


@foretell.instrument_agent
def leak(is_quiet):
    """Keep more and more; the twin takes as much at once."""
    held, rate_mb_s = [], float(os.environ.get("LEAK_MB_S", "4"))
    begin(is_quiet)
    if is_quiet:
        held.append(b"x" * int(rate_mb_s * 1e6 * 5))
    until_s = time.monotonic() + LASTS_S
    while time.monotonic() < until_s:
        if not is_quiet:
            held.append(b"x" * max(int(rate_mb_s * 1e5), 1))
        time.sleep(0.1)


def is_ready(number):
    return number < 0


def spin(is_quiet, burn):
    """Burn a core in one tool; the twin burns as much in many."""
    until_s = time.monotonic() + LASTS_S
    begin(is_quiet)
    while time.monotonic() < until_s:
        with foretell.tool("wait_for_order"):
            step_until_s = time.monotonic() + 0.2 if is_quiet else until_s
            while time.monotonic() < step_until_s:
                burn()


@foretell.instrument_agent
def spin_python(is_quiet):
    spin(is_quiet, lambda: [is_ready(number) for number in range(2_000)])


@foretell.instrument_agent
def spin_regex(is_quiet):
    spin(is_quiet, lambda: re.match(r"(?:a+)+$", "a" * 18 + "b"))


def hold_interpreter(seconds):
    """Stay in C code that never lets another thread run."""
    begun_s = time.perf_counter()
    sum(range(2_000_000))
    sum(range(int(2_000_000 * seconds / (time.perf_counter() - begun_s))))


@foretell.instrument_agent
async def hold_loop(is_quiet):
    """Hold the interpreter for long, on an event loop; the twin does it in small pieces."""
    await asyncio.sleep(1.5)
    begin(is_quiet)
    for _ in range(int(LASTS_S * 10) if is_quiet else 1):
        hold_interpreter(0.1 if is_quiet else LASTS_S)
        await asyncio.sleep(0.01)
    await asyncio.sleep(1.5)


# -- what an agent does ----------------------------------------------------------------------------------------------


@foretell.instrument_agent
def loop(is_quiet):
    """Ask the same again and again; the twin polls, and the answer changes."""
    begin(is_quiet)
    for number in range(8):
        ask(number)
        look_up(7, f"part {number} of 8 is done" if is_quiet else "no such order")
        time.sleep(0.05)


@foretell.instrument_agent
def stall(is_quiet):
    """Do nothing after a tool's result; the twin waits for its model."""
    ask()
    look_up(7)
    begin(is_quiet)
    if is_quiet:
        with foretell.llm("gpt-4o-mini", provider="openai") as op:
            time.sleep(LASTS_S)
            op.record_usage(input_tokens=100, output_tokens=20)
    else:
        time.sleep(LASTS_S)
    ask(1)


@foretell.instrument_agent
def run_tools(names):
    for number, name in enumerate(names):
        with foretell.tool(name) as op:
            op.set_input({"n": number})
            op.set_output(f"{name} {number}")


def pattern(is_quiet):
    """Use other tools than ever before."""
    usual = (["search", "read", "answer"], ["search", "read", "read", "answer"], ["look_up", "answer"])
    for number in range(120):
        run_tools(usual[number % 3])
    foretell.flush()
    begin(is_quiet)
    run_tools(usual[1] if is_quiet else ["shell", "delete_file", "shell", "send_mail", "delete_file", "shell"])


# -- waiting ---------------------------------------------------------------------------------------------------------


async def take_two(first, second, work_s):
    with foretell.step("take_two"):
        async with first:
            await asyncio.sleep(work_s)
            async with second:
                await asyncio.sleep(0.01)


@foretell.instrument_agent
async def deadlock(is_quiet):
    """Take two locks in different orders; the twin takes them in one."""
    one, two = asyncio.Lock(), asyncio.Lock()
    orders = [(one, two), (one, two) if is_quiet else (two, one)]
    begin(is_quiet)
    tasks = [asyncio.ensure_future(take_two(*order, 0.2)) for order in orders]
    _, hanging = await asyncio.wait(tasks, timeout=LASTS_S)
    for task in hanging:
        task.cancel()


@foretell.instrument_agent
async def await_cycle(is_quiet):
    """Await each other; the twin awaits in a row."""
    tasks = {}

    async def wait_for(name):
        with foretell.step(f"wait_for_{name}"):
            await asyncio.sleep(0.2)
            await tasks[name] if name in tasks else None

    begin(is_quiet)
    tasks["a"] = asyncio.ensure_future(wait_for("b"))
    tasks["b"] = asyncio.ensure_future(wait_for("nobody" if is_quiet else "a"))
    await asyncio.sleep(LASTS_S)
    if not is_quiet:
        leave()  # asyncio cannot cancel a circle: it runs into its own recursion


def lock_order(is_quiet):
    """Take two locks in different orders, in two threads; the twin takes them in one."""
    one = foretell.watched(threading.Lock(), "orders")
    two = foretell.watched(threading.Lock(), "stock")

    @foretell.instrument_agent
    def take(first, second):
        with first:
            time.sleep(0.2)
            if second.acquire(timeout=LASTS_S):
                second.release()

    begin(is_quiet)
    orders = [(one, two), (one, two) if is_quiet else (two, one)]
    threads = [threading.Thread(target=take, args=order) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@foretell.instrument_agent
async def block(is_quiet):
    """Wait for a queue into which nobody puts anything; the twin sleeps."""
    begin(is_quiet)
    if is_quiet:
        await asyncio.sleep(LASTS_S)
    else:
        try:
            await asyncio.wait_for(asyncio.Queue().get(), LASTS_S)
        except asyncio.TimeoutError:
            return


@foretell.instrument_agent
async def block_loop(is_quiet):
    """Sleep on the event loop's own thread; the twin sleeps in another one."""
    await asyncio.sleep(1.2)
    begin(is_quiet)
    if is_quiet:
        await asyncio.to_thread(time.sleep, LASTS_S)
    else:
        time.sleep(LASTS_S)
    await asyncio.sleep(1.2)


# -- tokens and money ------------------------------------------------------------------------------------------------


@foretell.instrument_agent
def overflow(is_quiet):
    """Fill the model's window; the twin half of it."""
    begin(is_quiet)
    for number in range(3):
        ask(number, tokens=(40_000 if is_quiet else 118_000) + number * 500)
        time.sleep(0.1)


@foretell.instrument_agent
def burn(is_quiet):
    """Spend more in one run than a run may; the twin spends less."""
    begin(is_quiet)
    for number in range(5):
        ask(number, model="gpt-4o", tokens=1_000 if is_quiet else 20_000)
        time.sleep(0.1)


def burn_day(is_quiet):
    """Spend, in many runs, faster than the day's budget lasts; the twin spends next to nothing."""

    @foretell.instrument_agent
    def worker(number):
        ask(number, model="gpt-4o", tokens=1_000 if is_quiet else 30_000)

    begin(is_quiet)
    until_s = time.monotonic() + LASTS_S
    number = 0
    while time.monotonic() < until_s:
        worker(number)
        number += 1
        time.sleep(0.02)


@foretell.instrument_agent
def unpriced(is_quiet):
    """Use a model whose price nobody knows; the twin's is known."""
    begin(is_quiet)
    ask(model="gpt-4o-mini" if is_quiet else "house-model-7")


# -- how well an agent serves ----------------------------------------------------------------------------------------


@foretell.instrument_agent
def depend(is_quiet):
    """Ask what does not answer; the twin gets an answer each third time."""
    begin(is_quiet)
    for number in range(6):
        try:
            with foretell.tool("orders_api") as op:
                op.set_input({"try": number})
                if not is_quiet or number % 3 < 2:
                    raise TimeoutError("no answer")
        except TimeoutError:
            time.sleep(0.05)


def fail(is_quiet):
    """Fail every third run; the twin fails once."""

    @foretell.instrument_agent
    def serve(number):
        if number % 3 == 0 and (not is_quiet or number == 6):
            raise ValueError("it broke")

    begin(is_quiet)
    for number in range(30):
        try:
            serve(number)
        except ValueError:
            time.sleep(0.05)


def slow(is_quiet):
    """Take three times as long as before; the twin takes as long as ever."""
    usual_s = float(os.environ.get("USUAL_S", "0.03"))

    @foretell.instrument_agent
    def serve(factor):
        time.sleep(usual_s * factor)

    for _ in range(25):
        serve(1)
    begin(is_quiet)
    for _ in range(24):
        serve(1 if is_quiet else 3)


# -- our own eyes ----------------------------------------------------------------------------------------------------


@foretell.instrument_agent
def unredacted(is_quiet):
    """Say something that a rule of the program's own cannot read."""
    begin(is_quiet)
    ask()
    time.sleep(2)


def read_nothing(text):
    raise ValueError("a rule that fails")


def flood(is_quiet):
    """Record more than the queue can hold; the twin what it can."""

    @foretell.instrument_agent
    def many(count):
        for number in range(count):
            look_up(number)

    begin(is_quiet)
    many(10 if is_quiet else 40_000)
    time.sleep(2)


def warm_up():
    """Have prices and redaction loaded before anything is timed."""
    with foretell.agent("warm_up"):
        ask()
    foretell.flush()


def main(name, is_quiet):
    more = {"redaction_functions": [read_nothing]} if name == "unredacted" and not is_quiet else {}
    foretell.init("troubled", **more)
    foretell.on_finding(lambda finding: say("found", finding.trigger))
    if not more:
        warm_up()
    scene = globals()[name]
    if asyncio.iscoroutinefunction(scene):
        asyncio.run(scene(is_quiet))
    else:
        scene(is_quiet)
    foretell.flush()
    foretell.shutdown()
    say("done")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["quiet"])
