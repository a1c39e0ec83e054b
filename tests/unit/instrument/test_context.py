"""Who is whose parent, whatever happens to the context in between."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opentelemetry import baggage, trace
from opentelemetry.context import Context, attach, get_current

import foretell
from foretell.model.kinds import Outcome


def test_blocks_nest_in_order(record: Any) -> None:
    """Each block's parent is the block around it."""
    with foretell.agent("a"), foretell.tool("b"), foretell.step("c"):
        pass

    assert {"a": None, "b": "a", "c": "b"} == record.tree()


def test_a_run_has_the_id_of_its_root_everywhere(record: Any) -> None:
    """Every call of a run carries the root's own id."""
    with foretell.agent("a") as root, foretell.tool("b"):
        pass

    assert {f"{root.id:016x}"} == {call.run_id for call in record.ended()}


def test_two_runs_in_a_row_are_two(record: Any) -> None:
    """Nothing of the first run is left when the second begins."""
    with foretell.agent("a"):
        pass
    with foretell.agent("b"):
        pass

    assert 2 == len({call.run_id for call in record.ended()})


def test_a_generator_is_not_current_while_it_waits(record: Any) -> None:
    """What the consumer does between two steps is not the generator's."""

    @foretell.instrument_agent
    def stream() -> Iterator[int]:
        yield 1
        yield 2

    with foretell.workflow("consumer"):
        for _ in stream():
            with foretell.tool("used"):
                pass

    calls = record.ended()
    root = next(call for call in calls if call.name == "consumer")
    assert {root.span_id} == {call.parent_id for call in calls if call.name in ("used", "stream")}


def test_a_generator_has_the_parent_of_its_call_not_of_its_consumption(record: Any) -> None:
    """A stream made in one block and read in another belongs to the first."""

    @foretell.instrument_agent
    def stream() -> Iterator[int]:
        yield 1

    with foretell.workflow("maker"):
        made = stream()
    with foretell.workflow("reader"):
        list(made)

    assert "maker" == record.tree()["stream"]


def test_two_interleaved_generators_do_not_nest_in_each_other(record: Any) -> None:
    """Stepping through two streams in turn keeps both under the caller."""

    @foretell.instrument_agent
    def stream(name: str) -> Iterator[str]:
        with foretell.tool(f"tool-{name}"):
            yield name
        yield name

    with foretell.workflow("root"):
        list(zip(stream("x"), stream("y"), strict=True))

    calls = record.ended()
    root = next(call for call in calls if call.name == "root")
    assert [root.span_id] * 2 == [call.parent_id for call in calls if call.name == "stream"]


def test_a_block_across_a_yield_leaves_the_callers_context_as_it_was(record: Any) -> None:
    """An undecorated generator with a block, closed out of order, corrupts nothing."""

    def leaky() -> Iterator[int]:
        with foretell.agent("inside"):
            yield 1

    before = get_current()
    generator = leaky()
    next(generator)
    with foretell.tool("meanwhile"):
        generator.close()

    assert get_current() is before
    with foretell.agent("after"):
        pass
    assert record.tree()["after"] is None


def test_a_block_closed_in_another_thread_does_not_catch_later_calls(record: Any) -> None:
    """The context that a stranded block left behind is not used as a parent."""

    def leaky() -> Iterator[int]:
        with foretell.agent("inside"):
            yield 1

    generator = leaky()
    next(generator)
    thread = threading.Thread(target=generator.close)
    thread.start()
    thread.join()
    with foretell.tool("later"):
        pass

    assert record.tree()["later"] is None


def test_a_stream_dropped_without_a_word_ends(record: Any) -> None:
    """A generator that is garbage collected half-way ends as closed early."""

    @foretell.instrument_agent
    def stream() -> Iterator[int]:
        yield 1
        yield 2

    generator = stream()
    next(generator)
    del generator
    gc.collect()

    call = record.only()
    assert (Outcome.OK, None) == (call.outcome, call.error)


def test_threads_start_runs_of_their_own_unless_propagated(record: Any) -> None:
    """`propagate` carries the current operation into a thread; without it the thread knows of nothing."""

    def work(name: str) -> None:
        with foretell.tool(name):
            pass

    with foretell.agent("root"):
        for thread in (
            threading.Thread(target=work, args=("alone",)),
            threading.Thread(target=foretell.propagate(work), args=("carried",)),
        ):
            thread.start()
            thread.join()

    assert (None, "root") == (record.tree()["alone"], record.tree()["carried"])


def test_executor_work_is_carried_by_propagate(record: Any) -> None:
    """The same for an executor, whose threads live longer than the operation."""

    def work() -> None:
        with foretell.tool("carried"):
            pass

    with ThreadPoolExecutor(1) as pool:
        with foretell.agent("root"):
            pool.submit(foretell.propagate(work)).result()
        pool.submit(work).result()

    assert ["root", None] == ["root" if call.parent_id else None for call in record.ended() if call.name == "carried"]


def test_gathered_agents_are_siblings(record: Any) -> None:
    """`asyncio.gather` gives each coroutine the gathering operation as its parent."""

    @foretell.instrument_agent
    async def one(n: int) -> int:
        await asyncio.sleep(0)
        with foretell.tool(f"tool-{n}"):
            await asyncio.sleep(0)
        return n

    async def main() -> None:
        async with foretell.workflow("root"):
            await asyncio.gather(*(one(n) for n in range(5)))

    asyncio.run(main())
    calls = record.ended()
    agents = [call for call in calls if call.name == "one"]
    assert 5 == len({agent.span_id for agent in agents})
    assert {agent.span_id for agent in agents} == {c.parent_id for c in calls if c.name.startswith("tool-")}


def test_a_foreign_span_in_between_is_the_parent(record: Any) -> None:
    """Whoever else makes spans with the same context stands between ours."""
    foreign = trace.NonRecordingSpan(trace.SpanContext(7, 8, False, trace.TraceFlags(1)))
    with foretell.agent("outer") as outer:
        before = get_current()
        attach(trace.set_span_in_context(foreign))
        with foretell.tool("inner") as inner:
            pass
        attach(before)

    assert (8, 7, outer.run_id) == (inner.parent_id, inner.trace_id, inner.run_id)


def test_a_remote_parent_continues_trace_and_run(record: Any) -> None:
    """A context that came over HTTP gives trace, parent and, by baggage, the run."""
    remote = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, True, trace.TraceFlags(1)))
    context = baggage.set_baggage("foretell.run.id", "00000000000000ff", trace.set_span_in_context(remote, Context()))
    attach(context)
    with foretell.agent("there") as op:
        pass

    assert (0xABC, 0xDEF, "00000000000000ff", True) == (op.trace_id, op.parent_id, op.run_id, op.parent_is_remote)


def test_the_environment_carries_a_run_into_a_child(record: Any) -> None:
    """`child_env` holds trace, parent and run in the standard's own words."""
    with foretell.agent("parent") as op:
        carried = foretell.child_env({"PATH": "/bin"})

    assert "/bin" == carried["PATH"]
    assert f"00-{op.trace_id:032x}-{op.span_id:016x}-01" == carried["TRACEPARENT"]
    assert f"foretell.run.id={op.run_id}" in carried["BAGGAGE"]


def test_the_current_operation_is_the_innermost(record: Any) -> None:
    """And outside of any it is one that takes everything."""
    with foretell.agent("outer"), foretell.tool("inner") as inner:
        assert inner is foretell.current_operation()

    quiet = foretell.current_operation()
    quiet.set_output("nowhere")
    assert not quiet


def test_sessions_mark_what_is_inside(record: Any) -> None:
    """Session, user and conversation belong to every call of the block, and to none outside."""
    with foretell.session("s-1", user_id="u-1", conversation_id="c-1", plan="pro"), foretell.agent("inside"):
        pass
    with foretell.agent("outside"):
        pass

    inside, outside = record.ended()
    assert ("s-1", "u-1", "c-1", (("plan", "pro"),)) == (
        inside.session.id,
        inside.session.user_id,
        inside.session.conversation_id,
        inside.session.tags,
    )
    assert outside.session is None
