"""An agent that makes calls for a detector to see: time passes only when a test says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, InferenceFacts, RetrievalFacts, ToolFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage
from foretell.triggers.catalogue import find_trigger

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000 * SECOND_NS
UNSET: Any = object()


def default_limits(trigger: str, **changes: float) -> Mapping[str, float]:
    """The limits of the catalogue, some of them changed."""
    return {limit.name: limit.default for limit in find_trigger(trigger).limits} | changes


class World:
    """Gives calls to one detector, one after the other, and asks it what it has to say."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.now_ns = START_NS
        self.count = 100  # no call is the root of a run, unless a test says so

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += int(seconds * SECOND_NS)

    def call(
        self,
        kind: Kind,
        name: str,
        *,
        run: int = 1,
        agent: str | None = "helper",
        seconds: float = 0.1,
        given: Any = UNSET,
        result: Any = UNSET,
        error: str | ErrorFacts | None = None,
        **changes: Any,
    ) -> Call:
        """Make a call that ended just now, and let the detector see it."""
        call = self.open(kind, name, run=run, agent=agent)
        if given is not UNSET:
            call.identity = f"{hash((name, json.dumps(given, sort_keys=True))) & (2**64 - 1):032x}"
            call.input_payload = payload_of(given)
        if result is not UNSET:
            call.output_payload = payload_of(result)
        self.wait(seconds)
        if error is not None:
            call.error = ErrorFacts(error, "it went wrong") if isinstance(error, str) else error
        call.outcome = Outcome.OK if error is None else Outcome.ERROR
        call.end_ns = self.now_ns
        for field, value in changes.items():
            setattr(call, field, value)
        if call.kind in self.detector.kinds:
            self.detector.take(call, self.now_ns)
        return call

    def open(self, kind: Kind, name: str, *, run: int = 1, agent: str | None = "helper", **changes: Any) -> Call:
        """Make a call that begins now and that nobody has seen yet."""
        self.count += 1
        call = Call(kind, name, id=self.count, trace_id=9, run_id=f"{run:016x}", start_ns=self.now_ns)
        call.agent_name = name if kind is Kind.AGENT else agent
        for field, value in changes.items():
            setattr(call, field, value)
        return call

    def show_open(self, call: Call) -> Call:
        """Let the detector see that a call is open."""
        if call.kind in self.detector.kinds:
            self.detector.take_open(call, self.now_ns)
        return call

    def tool(self, name: str, given: Any = UNSET, result: Any = UNSET, **more: Any) -> Call:
        """A tool call."""
        return self.call(Kind.TOOL, name, given=given, result=result, **{"facts": ToolFacts(), **more})

    def llm(self, model: str = "gpt-4o", *, tokens: int | None = None, usd: float | None = None, **more: Any) -> Call:
        """A model call."""
        changes: dict[str, Any] = {"facts": InferenceFacts(provider="openai", request_model=model)}
        if tokens is not None:
            changes["usage"] = Usage(uncached_input=tokens, output=10)
        if usd is not None:
            changes["cost"] = Cost(usd, "override")
        return self.call(Kind.LLM, model, **{**changes, **more})

    def retrieve(self, **more: Any) -> Call:
        """A retrieval."""
        return self.call(Kind.RETRIEVER, "docs", **{"facts": RetrievalFacts(provider="pinecone"), **more})

    def judgements(self) -> list[Judgement]:
        """What the detector says now."""
        return list(self.detector.judge(self.now_ns))

    @property
    def firing(self) -> list[Judgement]:
        """What fires now."""
        return [judgement for judgement in self.judgements() if judgement.verdict is Verdict.FIRING]

    @property
    def unknown(self) -> list[Judgement]:
        """What cannot be told now."""
        return [judgement for judgement in self.judgements() if judgement.verdict is Verdict.UNKNOWN]


def payload_of(value: Any) -> Payload:
    """Content as the worker leaves it: JSON, keys sorted."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return Payload(text, len(text))


def hex_ids(*calls: Call) -> list[str]:
    """The calls as evidence names them."""
    return [f"{call.span_id:016x}" for call in calls]
