"""A metrics sink with a clock to set, the calls that it takes, and the labels under which they count."""

from __future__ import annotations

from foretell.export.metrics.registry import Metrics
from foretell.export.metrics.sink import MetricsSink
from foretell.model.call import Call
from foretell.model.facts import (
    ErrorFacts,
    InferenceFacts,
)
from foretell.model.kinds import Kind, Outcome

S = 1_000_000_000
START = 1_000 * S
MODEL = {"gen_ai.request.model": "m-1", "gen_ai.response.model": "m-1-today"}
SHARED = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", **MODEL}


class World:
    """A sink with a clock to set and a list of what it exported."""

    def __init__(self, **options):
        self.now_ns = START
        self.exports = []
        self.open = []
        self.metrics = Metrics(lambda: self.now_ns)
        self.sink = MetricsSink(
            self.metrics,
            lambda signal, points: self.exports.append((signal, points)),
            clock=lambda: self.now_ns,
            open_calls=lambda: self.open,
            **options,
        )
        self.ids = 0

    def call(self, kind, name, *, agent=None, outcome=Outcome.OK, error=None, seconds=2, **facts):
        self.ids += 1
        call = Call(kind, name, id=self.ids, trace_id=99, run_id="0" * 16, start_ns=START)
        call.parent_id = 1
        call.agent = agent
        call.agent_name = name if kind is Kind.AGENT else agent and agent.name
        call.end_ns = START + int(seconds * S)
        call.outcome = outcome
        call.error = ErrorFacts(error) if error else None
        for key, value in facts.items():
            setattr(call, key, value)
        return call

    def llm(self, **given):
        facts = InferenceFacts("acme", "chat", "m-1", "m-1-today")
        return self.call(Kind.LLM, "m-1", **{"facts": facts, **given})

    def take(self, *calls):
        self.sink.take(calls)

    def points(self, name):
        return {
            frozenset(point.attributes): point
            for metric in self.metrics.read(self.now_ns)
            if metric.name == name
            for point in metric.points
        }

    def values(self, name):
        return {key: point.value for key, point in self.points(name).items()}

    def value(self, name, **labels):
        return self.values(name)[frozenset((key.replace("__", "."), value) for key, value in labels.items())]

    def exported(self, name, number=-1):
        return [p for metric in self.exports[number][1] if metric.name == name for p in metric.points]


def labels(**given):
    return frozenset((key.replace("__", "."), value) for key, value in given.items())


def shared(**more):
    return frozenset({**SHARED, **{key.replace("__", "."): value for key, value in more.items()}}.items())
