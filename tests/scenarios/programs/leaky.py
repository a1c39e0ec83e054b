"""Puts every text of a list into every place where a program may have a secret; each place says its name beside it."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import json
import logging
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import structlog
from opentelemetry import trace

import foretell
from foretell import bootstrap

PIECE = 7
"""Characters in a chunk of a stream: shorter than any secret."""
FILLER = "All work and no play. " * 1000
"""Over the size that is kept in place, so that the whole becomes a blob."""


@dataclasses.dataclass
class Letter:
    text: str


@foretell.instrument_agent
def take(value, *rest, **more):
    return None


@foretell.instrument_agent
def give(key):
    """The key is harmless, the result is not: what it stands for is in TEXTS."""
    return GIVEN[key]


@foretell.instrument_tool
def use(key):
    return GIVEN[key]


@foretell.instrument_retriever
def find(key):
    return [{"id": 1, "content": GIVEN[key]}, GIVEN[key]]


@foretell.instrument_memory(operation="search_memory")
def remember(key):
    return {"records": [GIVEN[key]]}


@foretell.instrument_llm(provider="openai")
def ask(messages=None, model="gpt-4o", stop=None, key=None):
    return GIVEN[key]


@foretell.instrument_agent
def stream(key):
    yield from GIVEN[key]


@foretell.instrument_llm(provider="openai", model="gpt-4o")
def stream_model(key):
    yield from GIVEN[key]


@foretell.instrument_agent
async def stream_async(key):
    for chunk in GIVEN[key]:
        yield chunk


GIVEN = {}


def store(value):
    """Keep a value under a number, so that it is a result and no argument."""
    GIVEN[len(GIVEN)] = value
    return len(GIVEN) - 1


def cut(text):
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def quietly(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, KeyError, RuntimeError):
        return None


# -- places ----------------------------------------------------------------------------------------------------------


def as_argument(text):
    take(f"argument {text}")
    take(text)
    take(1, f"rest {text}", keyword=f"keyword {text}")
    take({"a": [{"b": f"nested {text}"}], text: "key of a mapping"})
    take({"headers": {"X-Thing": f"header {text}"}, "raw": [["X-Raw", f"raw header {text}"]]})
    take(json.dumps({"in_json": text, "again": json.dumps({"in_json_in_json": text})}))
    take(f"bytes {text}".encode())
    take(Letter(f"dataclass {text}"))
    take(SimpleNamespace(text=f"object {text}"))
    take({f"set {text}"}, (f"tuple {text}",))
    take(f"https://h.test/in_url?q={text}&b=1")
    take(f"large {text} {FILLER} {text} end")
    take("".join(f"\\u{ord(letter):04x}" for letter in text) if text.isascii() and "\n" not in text else text)
    if text.isdecimal():
        take(int(text))


def as_result(text):
    give(store(f"result {text}"))
    give(store({"result": [text], "text": f"nested result {text}"}))
    give(store(f"large result {FILLER} {text} end"))
    use(store(f"tool result {text}"))
    find(store(f"document {text}"))
    remember(store(f"record {text}"))


def as_conversation(text):
    calls = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"call": text})}}]
    messages = [
        {"role": "system", "content": f"system {text}"},
        {"role": "user", "content": [{"type": "text", "text": f"part {text}"}]},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": f"tool message {text}"},
    ]
    answer = {
        "id": f"response id {text}",
        "model": f"response model {text}",
        "object": "chat.completion",
        "system_fingerprint": f"fingerprint {text}",
        "choices": [
            {"index": 0, "finish_reason": f"finish {text}", "message": {"role": "assistant", "content": f"said {text}"}}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    ask(messages=messages, key=store(answer))
    ask(messages=[], model=f"request model {text}", stop=[f"stop {text}"], key=store("fine"))


def as_stream(text):
    pieces = cut(f"stream {text}")
    for chunks in (
        pieces,
        [piece.encode() for piece in pieces],
        [{"piece": piece, "index": index} for index, piece in enumerate(pieces)],
        [SimpleNamespace(token=piece) for piece in pieces],
    ):
        for _ in stream(store(chunks)):
            pass
    deltas = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in cut(f"deltas {text}")]
    for _ in stream_model(store(deltas)):
        pass
    calls = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}]}
        for piece in cut(json.dumps({"streamed_call": text}))
    ]
    for _ in stream_model(store(calls)):
        pass

    async def consume():
        async for _ in stream_async(store(cut(f"async stream {text}"))):
            pass

    asyncio.run(consume())


def as_error(text):
    @foretell.instrument_tool
    def fail():
        raise ValueError(f"message {text}")

    @foretell.instrument_agent
    def fail_chained():
        try:
            raise KeyError(f"cause {text}")
        except KeyError as error:
            raise RuntimeError("chained") from error

    @foretell.instrument_agent
    def fail_in_context():
        try:
            raise KeyError(f"context {text}")
        except KeyError:
            raise RuntimeError("in context")

    @foretell.instrument_agent
    def fail_with_note():
        error = ValueError("noted")
        if hasattr(error, "add_note"):
            error.add_note(f"note {text}")
        raise error

    @foretell.instrument_agent
    def fail_with_objects():
        raise ValueError({"password_holder": text}, f"second {text}")

    for failing in (fail, fail_chained, fail_in_context, fail_with_note, fail_with_objects):
        quietly(failing)
    with foretell.agent("handles") as operation:
        operation.record_error(ValueError(f"handled {text}"))
    long = "x" * 4090
    quietly(raise_in_agent, f"{long} {text}")


@foretell.instrument_agent
def raise_in_agent(message):
    raise ValueError(message)


def as_fact(text):
    with foretell.agent("facts") as operation:
        operation.set_input(f"set_input {text}")
        operation.set_output({"text": f"set_output {text}"})
        operation.add_event("told", field=f"event field {text}", nested={"a": [f"event inside {text}"]})
        operation.add_event(f"event name {text}")
        operation.record_validation(f"validation name {text}", False, reason=f"validation reason {text}")
        operation.set_attribute("note", f"attribute {text}")
        operation.set_attribute(f"attribute key {text}", 1)
        operation.set_attribute("list", [f"attribute item {text}"])
        foretell.score("helpful", 1.0, comment=f"score comment {text}")
        foretell.score(f"score name {text}", 0.5, label=f"score label {text}")
    with foretell.session(
        f"session id {text}", user_id=f"user id {text}", conversation_id=f"conversation {text}", tag=f"tag {text}"
    ):
        with foretell.agent("in session"):
            logging.getLogger("app").info("in session")


def as_name(text):
    with foretell.workflow(f"workflow name {text}"), foretell.agent(f"agent name {text}", version=f"version {text}"):
        with foretell.tool(f"tool name {text}", description=f"description {text}"):
            pass
        with foretell.step(f"step name {text}"), foretell.plan(f"plan name {text}"):
            pass
        with foretell.retriever(f"retriever name {text}", provider=f"retriever provider {text}"):
            pass
        with foretell.memory(f"memory name {text}", operation="create_memory"):
            pass
        with foretell.llm(f"model {text}", provider=f"provider {text}", name=f"llm name {text}") as call:
            call.record_usage(input_tokens=1, output_tokens=1)


def as_log(text):
    log = logging.getLogger("app")
    with foretell.agent("logs"):
        log.warning(f"log message {text}")  # noqa: G004 - as many programs do
        log.warning("log of %s", text)
        log.warning("log extra", extra={"field": f"log field {text}", "deep": {"a": [text]}})
        try:
            raise ValueError(f"logged error {text}")
        except ValueError:
            log.exception("log exception")
        logging.getLogger(f"logger {text}").warning("named")
        told = structlog.get_logger()
        told.warning(f"structlog event {text}", field=f"structlog field {text}")
        structlog.contextvars.bind_contextvars(bound=f"structlog bound {text}")
        told.info("bound")
        structlog.contextvars.clear_contextvars()
    log.error(f"log outside of any run {text}")  # noqa: G004 - as many programs do


def as_foreign_span(text):
    tracer = trace.get_tracer("somebody.else")
    with tracer.start_as_current_span(f"foreign name {text}") as span:
        span.set_attribute("http.url", f"https://h.test/foreign?q={text}")
        span.set_attribute("input.value", json.dumps({"foreign_input": text}))
        span.set_attribute("output.value", f"foreign output {text}")
        span.set_attribute("llm.input_messages.0.message.content", f"foreign message {text}")
        span.set_attribute("gen_ai.prompt.0.content", f"foreign prompt {text}")
        span.set_attribute("gen_ai.request.model", f"foreign model {text}")
        span.set_attribute("gen_ai.tool.name", f"foreign tool {text}")
        span.set_attribute("user.id", f"foreign user {text}")
        span.add_event(f"foreign event {text}", {"field": f"foreign event field {text}"})
        span.record_exception(ValueError(f"foreign exception {text}"))
        span.set_status(trace.StatusCode.ERROR, f"foreign status {text}")
    with foretell.agent("holds a span"):
        span = trace.get_current_span()
        span.update_name(f"renamed {text}")
        span.set_attribute("own", f"own span attribute {text}")
        span.set_status(trace.StatusCode.ERROR, f"own span status {text}")


def as_source_line(texts):
    """Stack traces show the lines of the program, and so the secrets that stand in them."""
    lines = ["import foretell", ""]
    for number, text in enumerate(texts):
        lines += [
            "@foretell.instrument_tool",
            f"def fail_{number}():",
            f"    value = {f'source line {text}'!r}; raise ValueError('in a line')",
            "",
        ]
    Path("literals.py").write_text("\n".join(lines), encoding="utf-8")
    sys.path.insert(0, ".")
    module = importlib.import_module("literals")
    for number in range(len(texts)):
        quietly(getattr(module, f"fail_{number}"))


def as_open_call(texts):
    """Calls that outlive a tick are shown while they run, under names that nobody has redacted yet."""
    with ExitStack() as opened:
        for text in texts:
            opened.enter_context(foretell.session(f"open session {text}", user_id=f"open user {text}", tag=text))
            opened.enter_context(foretell.agent(f"open agent {text}", version=f"open version {text}"))
            opened.enter_context(foretell.llm(f"open model {text}", provider=f"open provider {text}"))
        time.sleep(0.4)
        print(json.dumps({"scraped": scrape()}))


def scrape():
    endpoint = bootstrap.current().endpoint
    with urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/metrics", timeout=10) as answer:
        return answer.read().decode()


EACH = (
    as_argument, as_result, as_conversation, as_stream, as_error, as_fact, as_name, as_log, as_foreign_span
)  # fmt: skip


def main(texts):
    foretell.init("leaky")
    foretell.setup_logging("DEBUG", has_console=True)
    for text in texts:
        for place in EACH:
            place(text)
    as_source_line(texts)
    as_open_call(texts)
    foretell.shutdown()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
