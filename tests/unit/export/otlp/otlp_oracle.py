"""Awkward spans, logs and metrics, and what the official encoder makes of them."""

from __future__ import annotations

import logging
from importlib.metadata import version
from random import Random
from typing import Any

import pytest
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from foretell.export.otlp.wire import INT64_MAX, INT64_MIN

needs_nesting = pytest.mark.skipif(
    tuple(map(int, version("opentelemetry-sdk").split(".")[:2])) < (1, 45),
    reason="the official encoder takes nested lists and maps since OpenTelemetry 1.45; before, it cannot be the oracle",
)

logging.getLogger("opentelemetry.attributes").setLevel(logging.ERROR)  # full on purpose

START_NS = 1_700_000_000_000_000_000
TEXTS = ("", "a", "gpt-4o", "käse 🧀", "x" * 64, "y" * 65, "z" * 127, "z" * 128, "\x00\n", "日本語" * 30)
BROKEN_TEXTS = ("\ud800", "a\udfffb", "\ud83e\uddc0", "\udc80 \ud800\ud800 end")
NUMBERS = (0, 1, -1, 127, 128, 255, 16_383, 16_384, 2**31, 2**32, INT64_MAX, INT64_MIN, True, False, 0.0, -0.0)
FLOATS = (1.5, 1e308, 5e-324, float("nan"), float("inf"), float("-inf"))
HUGE = (INT64_MAX + 1, INT64_MIN - 1, 10**30)


def any_text(random: Random) -> str:
    """A text, now and then one that UTF-8 cannot hold."""
    chance = random.random()
    if chance < 0.002:
        return "w" * 16_400  # the shortest whose length takes three bytes
    return random.choice(BROKEN_TEXTS if chance < 0.05 else TEXTS)


def any_leaf(random: Random) -> Any:
    """A value without parts."""
    kind = random.randrange(8)
    if kind < 3:
        return any_text(random)
    if kind == 3:
        return random.choice(HUGE) if random.random() < 0.1 else random.choice(NUMBERS)
    if kind == 4:
        return random.choice(FLOATS)
    if kind == 5:
        return random.randbytes(random.choice((0, 1, 20, 130)))
    return None if kind == 6 else random.randrange(-(2**40), 2**40)


def any_content(random: Random, depth: int = 3) -> Any:
    """A value, nested now and then."""
    if depth == 0 or random.random() < 0.7:
        return any_leaf(random)
    size = random.choice((0, 1, 2, 5))
    if random.random() < 0.5:
        return [any_content(random, depth - 1) for _ in range(size)]
    return {f"k{i}": any_content(random, depth - 1) for i in range(size)}


def any_attributes(random: Random, most: int = 12) -> dict[str, Any]:
    """Attributes under keys short and long."""
    keys = (f"key.{i}" if random.random() < 0.95 else f"long.{'k' * 130}.{i}" for i in range(random.randrange(most)))
    return {key: any_content(random) for key in keys}


def any_context(random: Random) -> SpanContext:
    """A span's identity, with trace state, local or remote."""
    state = [(f"v{i}", f"s{i}") for i in range(random.choice((0, 0, 0, 1, 3)))]
    return SpanContext(
        random.getrandbits(128) or 1,
        random.getrandbits(64) or 1,
        random.random() < 0.3,
        TraceFlags(random.randrange(2)),
        TraceState(state),
    )


RESOURCES = (
    Resource({"service.name": "shop", "n": 5, "list": ["a", "b"]}, "https://example.org/schema"),
    Resource({}),
    Resource({"service.name": "other", "on": True, "share": 0.5}),
)
SCOPES = (
    None,
    InstrumentationScope("foretell", "1.2.3", "https://example.org/s", {"a": 1}),
    InstrumentationScope("other"),
)


def any_span(random: Random) -> ReadableSpan:
    """A finished span of the official SDK with everything that one can hold."""
    start = START_NS + random.randrange(10**9)
    return ReadableSpan(
        name=any_text(random),
        context=any_context(random),
        parent=any_context(random) if random.random() < 0.7 else None,
        resource=random.choice(RESOURCES),
        attributes=BoundedAttributes(random.choice((None, 8, 128)), any_attributes(random)),
        events=[
            Event(any_text(random), BoundedAttributes(4, any_attributes(random, 6)), start + i)
            for i in range(random.choice((0, 0, 0, 1, 3)))
        ],
        links=[
            Link(any_context(random), BoundedAttributes(4, any_attributes(random, 6)))
            for _ in range(random.choice((0, 0, 0, 1, 2)))
        ],
        kind=random.choice(list(SpanKind)),
        instrumentation_scope=random.choice(SCOPES),
        status=random.choice((Status(), Status(StatusCode.OK), Status(StatusCode.ERROR, any_text(random)))),
        start_time=start,
        end_time=random.choice((start + 5, start + 10**10, None)),
    )


def repaired_text(value: str) -> str:
    """What we promise of a text that UTF-8 cannot hold, said in another way than the encoder does."""
    out, rest = [], list(value)
    while rest:
        char = rest.pop(0)
        if "\ud800" <= char <= "\udbff" and rest and "\udc00" <= rest[0] <= "\udfff":
            char = chr(0x10000 + (ord(char) - 0xD800 << 10) + ord(rest.pop(0)) - 0xDC00)
        out.append("\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else char)
    return "".join(out)


def repaired(value: Any) -> Any:
    """What we promise of a value that the official encoder refuses."""
    if isinstance(value, str):
        return value if value.isascii() else repaired_text(value)
    if isinstance(value, (bytes, bool, float)) or value is None:
        return value
    if isinstance(value, int):
        return value if INT64_MIN <= value <= INT64_MAX else str(value)
    if hasattr(value, "items"):
        return {repaired(key): repaired(item) for key, item in value.items()}
    return [repaired(item) for item in value]


class RepairedSpan(ReadableSpan):
    """A span as the official encoder can take it."""

    def __init__(self, span: ReadableSpan) -> None:
        super().__init__(
            name=repaired(span.name),
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=_repaired_attributes(span.attributes, span.dropped_attributes),
            events=[
                Event(repaired(e.name), _repaired_attributes(e.attributes, e.dropped_attributes), e.timestamp)
                for e in span.events
            ],
            links=[
                Link(link.context, _repaired_attributes(link.attributes, link.dropped_attributes))
                for link in span.links
            ],
            kind=span.kind,
            instrumentation_scope=span.instrumentation_scope,
            status=Status(span.status.status_code, repaired(span.status.description or "") or None),
            start_time=span.start_time,
            end_time=span.end_time,
        )


def _repaired_attributes(attributes: Any, dropped: int) -> BoundedAttributes:
    out = BoundedAttributes(None, repaired(attributes), immutable=False)
    out.dropped = dropped
    return out


def canonical(message_type: Any, body: bytes) -> bytes:
    """Parse and write again: equal bytes are equal messages, NaN included."""
    parsed: bytes = message_type.FromString(body).SerializeToString(deterministic=True)
    return parsed
