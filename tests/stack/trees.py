"""A run's tree as each store tells it, in one form."""

from __future__ import annotations

from typing import Any

from tests.stack.road import ask, read_tags

SUMS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "foretell.cost.amount",
    "foretell.run.id",
    "foretell.step.index",
)
Tree = dict[str, tuple[Any, ...]]


def read_value(value: dict[str, Any]) -> Any:
    """A value as OTLP's JSON writes it."""
    ((kind, content),) = value.items()
    return int(content) if kind == "intValue" else content


def read_otlp(spans: list[dict[str, Any]]) -> Tree:
    """Id → name, parent, duration in microseconds, tokens and cost; as the embedded store and Tempo tell them."""
    tree = {}
    for span in spans:
        begun_ns, ended_ns = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        found = {one["key"]: read_value(one["value"]) for one in span["attributes"]}
        sums = tuple(found.get(name) for name in SUMS)
        parent = span.get("parentSpanId") or None
        tree[span["spanId"]] = (span["name"], parent, (ended_ns - begun_ns) // 1000, begun_ns // 1000, *sums)
    return tree


def read_jaeger(trace: dict[str, Any]) -> Tree:
    """The same as Jaeger tells it."""
    tree = {}
    for span in trace["spans"]:
        parents = [one["spanID"] for one in span["references"] if one["refType"] == "CHILD_OF"]
        sums = tuple(read_tags(span).get(name) for name in SUMS)
        parent = parents[0] if parents else None
        tree[span["spanID"]] = (span["operationName"], parent, span["duration"], span["startTime"], *sums)
    return tree


def split_by_trace(spans: list[dict[str, Any]]) -> dict[str, Tree]:
    """Trace → its tree."""
    traces: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        traces.setdefault(span["traceId"], []).append(span)
    return {trace_id: read_otlp(parts) for trace_id, parts in traces.items()}


def find_whole(url: str, size: int) -> dict[str, Any] | None:
    """A trace in Jaeger, once all of its spans are there."""
    (trace,) = ask(url)["data"]
    return trace if len(trace["spans"]) >= size else None
