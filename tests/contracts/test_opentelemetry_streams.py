"""Streams beside OpenTelemetry: nothing is ever attached in one task and detached in another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.otel_programs import run_program

pytestmark = pytest.mark.slow

SET_UPS = pytest.mark.parametrize(
    "set_up",
    ["foretell.init()", "trace.set_tracer_provider(make_provider()); foretell.init()"],
    ids=["own", "attached"],
)

SERVER = """
import asyncio
import httpx
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

{set_up}
tracer = trace.get_tracer("app")
ended = []

@foretell.instrument_agent(name="talker")
async def talk(chunks):
    try:
        for n in range(chunks):
            with tracer.start_as_current_span(f"piece-{{n}}"), foretell.tool("look"):
                await asyncio.sleep(0.001)
            yield f"{{n}} "
    finally:
        ended.append("generator")

async def endpoint(request):
    with tracer.start_as_current_span("handler"):
        return StreamingResponse(talk(int(request.query_params["chunks"])))

app = Starlette(routes=[Route("/", endpoint)])
"""


@SET_UPS
def test_a_streaming_response_is_spanned_to_its_last_chunk(tmp_path: Path, set_up: str) -> None:
    """The agent runs until the body has been sent, under the handler that made the response, without a complaint."""
    answer = run_program(
        tmp_path,
        SERVER.format(set_up=set_up)
        + """
async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        answers = await asyncio.gather(*(client.get("/?chunks=3") for _ in range(5)))
    return [answer.text for answer in answers]
texts = asyncio.run(main())
foretell.flush()
from foretell.model.run import RunQuery
from foretell.readers.store import StoreReader
from foretell.store.store import Store
store = Store.open(Path(".foretell"), now_ns=time.time_ns, read_only=True)
runs = [StoreReader(store).load_run(run.id) for run in StoreReader(store).find_runs(RunQuery())]
first = runs[0].calls
agent = first[0]
last = max(call.end_ns for call in first if call.kind.value == "tool")
tell(texts=texts, runs=len(runs), calls=sorted(call.name for call in first), covers=agent.end_ns >= last,
     output=agent.output_payload.text, outcomes=sorted({call.outcome.value for run in runs for call in run.calls}))
""",
    )

    assert ["0 1 2 "] * 5 == answer["texts"]
    assert 5 == answer["runs"]
    assert ["look"] * 3 + ["piece-0", "piece-1", "piece-2", "talker"] == answer["calls"]
    assert (True, '"0 1 2 "', ["ok"]) == (answer["covers"], answer["output"], answer["outcomes"])
    assert "detach" not in answer.stderr


@SET_UPS
def test_a_client_that_leaves_early_ends_the_operation(tmp_path: Path, set_up: str) -> None:
    """When the client goes away in the middle, the generator is closed and the agent ends; nothing stays open."""
    answer = run_program(
        tmp_path,
        SERVER.format(set_up=set_up)
        + """
async def main():
    sent = asyncio.Queue()
    async def send(message):
        await sent.put(message)
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    async def receive():
        if messages:
            return messages.pop()
        while sent.qsize() < 3:
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"chunks=100000", "headers": [],
             "http_version": "1.1", "asgi": {"spec_version": "2.3", "version": "3.0"}}
    await app(scope, receive, send)
    await asyncio.sleep(0)
asyncio.run(main())
calls = stored()
from foretell import bootstrap
tell(ended=ended, outcome=calls["talker"].outcome.value, left=len(bootstrap.current().runtime.open_calls))
""",
    )

    assert ["generator"] == answer["ended"]
    assert answer["outcome"] in ("ok", "cancelled")
    assert 0 == answer["left"]
    assert "detach" not in answer.stderr


@SET_UPS
def test_generators_closed_in_other_tasks_and_threads_complain_about_nothing(tmp_path: Path, set_up: str) -> None:
    """Started in one task, stepped in a second, closed in a third or by the collector: no log line, no lost context."""
    answer = run_program(
        tmp_path,
        f"""
import asyncio, gc, threading
{set_up}
tracer = trace.get_tracer("app")

@foretell.instrument_agent(name="talker")
async def talk():
    with foretell.tool("inside"):
        yield 1
        yield 2

@foretell.instrument_agent(name="plain")
def plain():
    with foretell.tool("inner"):
        yield 1
        yield 2

async def step(stream):
    return await stream.__anext__()

async def main():
    with tracer.start_as_current_span("request") as request:
        stream = talk()
        await asyncio.create_task(step(stream))
        await asyncio.create_task(step(stream))
        await asyncio.create_task(stream.aclose())
        generator = plain()
        next(generator)
        thread = threading.Thread(target=generator.close)
        thread.start()
        thread.join()
        left = plain()
        next(left)
        del left
        gc.collect()
        return trace.get_current_span() is request

tell(current=asyncio.run(main()), faults=faults(), names=sorted(stored()))
""",
    )

    assert (True, {}) == (answer["current"], answer["faults"])
    assert {"talker", "plain", "inner", "inside"} == set(answer["names"])
    assert "detach" not in answer.stderr


@SET_UPS
def test_callbacks_that_begin_and_end_in_different_tasks(tmp_path: Path, set_up: str) -> None:
    """A handler that opens a block in one callback and closes it in another, as graph frameworks do."""
    answer = run_program(
        tmp_path,
        f"""
import asyncio
{set_up}
class Handler:
    def __init__(self):
        self.open = {{}}
    async def on_start(self, key):
        block = foretell.tool(key)
        self.open[key] = block
        block.__enter__()
    async def on_end(self, key):
        self.open.pop(key).__exit__(None, None, None)

async def main():
    handler = Handler()
    async with foretell.workflow("graph") as graph:
        await asyncio.gather(*(asyncio.create_task(handler.on_start(f"node-{{n}}")) for n in range(3)))
        await asyncio.gather(*(asyncio.create_task(handler.on_end(f"node-{{n}}")) for n in reversed(range(3))))
        with foretell.tool("after") as after:
            return after.parent_id == graph.span_id

nested = asyncio.run(main())
calls = stored()
tell(nested=nested, faults=faults(), parents=len({{call.parent_id for name, call in calls.items() if name != "graph"}}),
     names=sorted(calls))
""",
    )

    assert (True, {}, 1) == (answer["nested"], answer["faults"], answer["parents"])
    assert ["after", "graph", "node-0", "node-1", "node-2"] == answer["names"]
    assert "detach" not in answer.stderr
