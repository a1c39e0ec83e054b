"""Does the same work with and without a fault in one of the places that recording depends on.

`faulty.py FAULT` says as JSON what the work gave. With `bare` nothing is recorded; with `none` nothing is wrong. What a
fault needs from outside (a lock, a collector) is the caller's: it waits for a line on standard input where told to.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import shutil
import sys
import time
from itertools import count
from pathlib import Path

import foretell
from foretell import bootstrap

ROUNDS = 20


def fail(*_, **__):
    raise RuntimeError("injected")


# -- the work --------------------------------------------------------------------------------------------------------


@foretell.instrument_agent
def add(first, second=1, *rest, **more):
    return first + second


@foretell.instrument_tool
def divide(first, second):
    return first / second


@foretell.instrument_llm(provider="openai", model="gpt-4o")
def ask(messages, **parameters):
    return {
        "id": "r-1", "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "yes"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    }  # fmt: skip


@foretell.instrument_agent
async def wait(value):
    await asyncio.sleep(0)
    return value


@foretell.instrument_agent
def stream(number):
    """What is sent in comes out again."""
    for item in range(number):
        sent = yield item
        if sent is not None:
            yield sent
    return "over"


@foretell.instrument_agent
async def stream_async(number):
    for item in range(number):
        yield item


@foretell.instrument_agent
class Desk:
    def run(self, value):
        return self.invoke(value)

    def invoke(self, value):
        return [value]


def consume():
    generator = stream(3)
    got = [next(generator), generator.send("sent"), *generator]
    closed = stream(9)
    next(closed)
    closed.close()
    return got


async def consume_async():
    return [item async for item in stream_async(3)] + [await wait("waited")]


def use_blocks():
    with foretell.session("s-1", user_id="u-1", tier="gold"), foretell.agent("block") as agent:
        agent.set_input({"a": 1})
        with foretell.llm("gpt-4o", provider="openai") as call:
            call.chunk("a")
            call.chunk("b")
            call.record_usage(input_tokens=1, output_tokens=1)
        agent.add_event("told", field=1)
        agent.record_validation("checked", True)
        agent.set_attribute("key", [1, 2])
        agent.record_error(ValueError("handled"))
        agent.set_output("out")
        foretell.score("helpful", 1.0, comment="good")
        logging.getLogger("app").warning("a line")
    return foretell.current_operation().name


def attempt(function, *arguments):
    """What it gives or raises, as text."""
    try:
        return repr(function(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error} from {error.__cause__!r}, {len(error.args)}"


def work(more=()):
    """Everything once, and what it gave; `more` are further values to pass through."""
    said = [
        attempt(add, 1, 2), attempt(add, "a", 1), attempt(divide, 1, 0), attempt(ask, [{"role": "user", "content": "?"}]),
        attempt(consume), attempt(lambda: asyncio.run(consume_async())), attempt(use_blocks), attempt(Desk().run, 1),
    ]  # fmt: skip
    for value in more:
        kept = []
        said.append(attempt(lambda value=value, kept=kept: pass_through(value, kept) is value and kept[0] is value))
    return said


@foretell.instrument_tool
def keep(value, kept, **named):
    kept.append(value)
    return value


@foretell.instrument_llm(provider="openai")
def keep_model(value, kept, model=None, **named):
    kept.append(value)
    return value


@foretell.instrument_agent
def keep_stream(value, kept):
    yield value
    yield [value]


def pass_through(value, kept):
    """A value through every door that takes one."""
    keep(value, kept, named=value)
    keep_model(value, kept, model=value)
    for _ in keep_stream(value, kept):
        pass
    with foretell.llm("gpt-4o", provider="openai") as operation:
        operation.set_input(value)
        operation.chunk(value)
        operation.set_attribute("key", value)
        operation.set_attribute(value, 1)
        operation.add_event("told", field=value)
        operation.set_output(value)
    return keep(value, kept)


# -- faults ----------------------------------------------------------------------------------------------------------


def running():
    return bootstrap.current()


def clock_raises():
    running().runtime.tick_ns = fail


def clock_back():
    ticks = count(10**15, -(10**9))
    running().runtime.tick_ns = lambda: next(ticks)
    running().runtime.wall_ns = lambda: next(ticks)


def wall_clock_raises():
    running().runtime.wall_ns = fail


def redactor():
    running().redactor.find_suspects = fail


def processor():
    from opentelemetry import trace
    from opentelemetry.sdk.trace import SpanProcessor

    class Broken(SpanProcessor):
        on_start = on_end = fail

    trace.get_tracer_provider().add_span_processor(Broken())


def attached(*processors):
    """Nothing is wrong, but the spans are those of the application's own provider."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    for processor in processors:
        provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)


def attached_processor():
    from opentelemetry.sdk.trace import SpanProcessor

    class Broken(SpanProcessor):
        on_end = fail

    attached(Broken())


def sink():
    """The sink for metrics, say."""
    next(item for item in running().worker._delivery.sinks if item.name == "metrics").take = fail


def full():
    """No file may grow any more."""
    foretell.flush()
    size = Path(".foretell/store.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def room_again():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def deleted():
    work()
    foretell.flush()
    shutil.rmtree(".foretell")


def queue():
    """More than the queue holds, while its worker is held up."""
    with running().worker._delivery.lock:
        for _ in range(500):
            add(1, 2)


SETTINGS = {
    "price": {"price_function": fail},
    "redaction_function": {"redaction_functions": [fail]},
    "queue": {"queue_max_items": 50},
}
FAULTS = {
    function.__name__: function
    for function in (
        clock_raises, clock_back, wall_clock_raises, redactor, processor, attached, attached_processor, sink, full, deleted, queue
    )
}  # fmt: skip
AFTER = {"full": room_again}


class Hostile:
    """Everything about it raises, and it lies about its class."""

    @property
    def __class__(self):
        fail()


for _name in (
    "__repr__", "__str__", "__hash__", "__eq__", "__bool__", "__len__", "__iter__", "__getattr__", "__getattribute__",
    "__getitem__", "__contains__", "__call__", "__int__", "__float__", "__index__", "__format__", "__dir__", "__sizeof__",
    "__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__", "__await__", "__aiter__", "__enter__", "__exit__",
    "keys", "items", "get", "model_dump", "dict", "to_dict", "_asdict",
):  # fmt: skip
    setattr(Hostile, _name, fail)


class HostileDict(dict):
    __getitem__ = __iter__ = __len__ = keys = items = values = get = copy = __contains__ = fail


class HostileList(list):
    __getitem__ = __iter__ = __len__ = copy = fail


class HostileText(str):
    __slots__ = ()
    __str__ = __repr__ = __len__ = __getitem__ = encode = __format__ = fail


class HostileError(ValueError):
    __str__ = __repr__ = fail


class Large(list):
    """Ten million numbers that can be divided."""

    def __init__(self):
        super().__init__([0] * 10**7)

    def __truediv__(self, number):
        return number


def hostile_values():
    circle = []
    circle.append({"again": circle})
    deep = []
    for _ in range(5_000):
        deep = [deep]
    return [
        Hostile(), HostileDict(a=1), HostileList([1]), HostileText("text"), circle, deep, [0] * 10**7, "x" * (200 * 2**20),
        {Hostile: Hostile}, {1: 2, (3,): 4}, float("nan"), 10**5000, "\ud800", b"\xff" * 1000, object(), lambda: None, sys,
        type("Meta", (type,), {"__getattribute__": fail})("Odd", (), {})(), range(10**12), memoryview(b"x"), iter([1]),
    ]  # fmt: skip


def raise_hostile():
    @foretell.instrument_tool
    def failing():
        raise HostileError("text")

    try:
        failing()
    except HostileError as error:
        return type(error) is HostileError and len(error.args) == 1
    return False


def measure(calls, value):
    """Nanoseconds that each of some calls took, with pauses in which the worker comes to its turn."""
    times = []
    is_large = isinstance(value, list)
    for number in range(calls // 50 if is_large else calls):
        begin_ns = time.perf_counter_ns()
        divide(value, number + 1)
        times.append(time.perf_counter_ns() - begin_ns)
        if is_large or number % 50 == 0:
            time.sleep(0.1 if is_large else 0.005)
    return times


def main(fault):
    begin_s = time.perf_counter()
    if fault != "bare":
        foretell.init("faulty", **SETTINGS.get(fault, {}))
        foretell.setup_logging(has_console=False)
    if fault in FAULTS:
        FAULTS[fault]()
    if "timed" in sys.argv:
        print(json.dumps(measure(int(sys.argv[3]), Large() if fault == "large" else 1.5)))
        room_again()
        return
    if "wait" in sys.argv:
        print("ready", flush=True)
    said = work()
    if fault == "hostile" or "hostile" in sys.argv:
        said += work(hostile_values())
        said.append(attempt(raise_hostile))
    for _ in range(ROUNDS):
        assert work() == said[:8], "another result than the first time"
    if "wait" in sys.argv:
        sys.stdin.readline()
    if fault in AFTER:
        time.sleep(1.5)
        AFTER[fault]()
        time.sleep(1.5)
    print(json.dumps(said), flush=True)
    if "os_exit" in sys.argv:
        os._exit(0)
    foretell.shutdown()
    assert time.perf_counter() - begin_s < 60


if __name__ == "__main__":
    main(sys.argv[1])
