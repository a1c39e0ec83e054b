"""Whatever calls come in whatever order, detectors go on, and what they say is well formed."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from foretell.detectors.detector import Detector
from foretell.detectors.line_up import make_detectors
from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, InferenceFacts, MemoryFacts, RetrievalFacts, ToolFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage
from tests.unit.detectors.behaviour.agents import START_NS, default_limits
from tests.unit.detectors.behaviour.test_behaviour_line_up import TRIGGERS

HEX_ID = re.compile(r"[0-9a-f]{16}")
TEXTS = st.sampled_from(
    ['"ok"', '"error: it failed"', '{"content":"I will look at it once more and then decide"}', "", "\ud800"]
)
ERRORS = st.sampled_from(
    [
        ErrorFacts("TimeoutError", ""),
        ErrorFacts("ValueError", "no\ud800"),
        ErrorFacts(""),
        ErrorFacts("429", "slow down"),
    ]
)
AMOUNTS = st.sampled_from([0.0, 1e-6, 0.2, 1e9])
TOKENS = st.sampled_from([0, 5, 90_001, 2**40])


def payloads() -> st.SearchStrategy[Payload | None]:
    return st.none() | st.builds(
        Payload, TEXTS, st.integers(0, 50), st.sampled_from([{}, {"email": 1}]), is_truncated=st.booleans()
    )


@st.composite
def calls(draw: st.DrawFn) -> Call:
    kind = draw(st.sampled_from(list(Kind)))
    run = draw(st.integers(1, 3))
    call = Call(
        kind,
        draw(st.sampled_from(["a", "b", "ask_human", "wait_for_it", "transfer_to_b"])),
        id=draw(st.integers(1, 40)),
        trace_id=1,
        run_id=f"{run:016x}",
        start_ns=START_NS + draw(st.integers(-(10**12), 10**12)),
    )
    call.end_ns = draw(st.none() | st.integers(-(10**11), 10**11).map(lambda ns: call.start_ns + ns))
    call.outcome = draw(st.sampled_from(list(Outcome)))
    call.parent_id = draw(st.none() | st.integers(1, 40))
    call.agent_name = draw(st.sampled_from([None, "a", "b"]))
    call.version = draw(st.sampled_from([None, "1"]))
    call.identity = draw(st.sampled_from([None, "ab" * 16, "cd" * 16]))
    call.error = draw(st.none() | ERRORS)
    call.input_payload, call.output_payload = draw(payloads()), draw(payloads())
    call.facts = draw(st.sampled_from(_facts()))
    call.usage = draw(st.none() | st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS))
    call.cost = draw(st.none() | st.builds(Cost, AMOUNTS, st.just("override")))
    call.attributes = draw(st.sampled_from([None, {}, {"server.address": "x"}, {"server.address": 5}]))
    call.span_kind = draw(st.sampled_from([None, "client", "server"]))
    return call


def _facts() -> list[Any]:  # Any: the facts of every kind, on calls of every kind
    model = InferenceFacts(provider="p", request_model="m", finish_reasons=("stop",), request={"max_tokens": "many"})
    return [None, InferenceFacts(), model, ToolFacts(), RetrievalFacts(provider="p"), MemoryFacts()]


MOMENTS = st.lists(
    st.tuples(st.sampled_from(["open", "ended", "ended", "ended", "run"]), calls(), st.integers(-(10**11), 10**11)),
    max_size=60,
)


@given(MOMENTS)
def test_detectors_survive_any_calls_and_say_what_is_well_formed(moments: list[tuple[str, Call, int]]) -> None:
    """Out of order, twice, from a clock that jumps, with facts that do not fit."""
    detectors = make_detectors(
        {trigger: default_limits(trigger) for trigger in TRIGGERS}, context_window=lambda _, model: len(model) or None
    )
    now_ns = START_NS
    for what, call, step_ns in moments:
        now_ns += step_ns
        for detector in detectors:
            _show(detector, what, call, now_ns)
            for judgement in detector.judge(now_ns):
                assert judgement.key
                assert judgement.explanation
                assert 0 <= judgement.confidence <= 1
                json.dumps(judgement.evidence)
                assert all(HEX_ID.fullmatch(span) for span in judgement.evidence.get("calls", ()))
                assert judgement.verdict is not Verdict.FIRING or judgement.onset_ns


def _show(detector: Detector, what: str, call: Call, now_ns: int) -> None:
    if what == "run":
        detector.end_run(call.run_id, now_ns)
    elif call.kind in detector.kinds:
        (detector.take_open if what == "open" else detector.take)(call, now_ns)


@given(MOMENTS, st.sampled_from(TRIGGERS))
def test_a_batch_says_what_its_calls_say_one_by_one(moments: list[tuple[str, Call, int]], trigger: str) -> None:
    """Detectors that pass over most of a batch miss nothing by it."""
    single, batched = (
        make_detectors({trigger: default_limits(trigger)}, context_window=lambda _, model: 100_000)[0] for _ in range(2)
    )
    now_ns = START_NS
    for place in range(0, len(moments), 4):
        part = moments[place : place + 4]
        now_ns += abs(part[0][2])
        ended = [call for what, call, _ in part if what == "ended" and call.kind in single.kinds]
        for call in ended:
            single.take(call, now_ns)
        batched.take_all(ended, now_ns)
        for what, call, _ in part:
            if what != "ended":
                _show(single, what, call, now_ns)
                _show(batched, what, call, now_ns)
        assert _summarise(single, now_ns) == _summarise(batched, now_ns)


def _summarise(detector: Detector, now_ns: int) -> list[tuple[str, Verdict]]:
    return sorted((judgement.key, judgement.verdict) for judgement in detector.judge(now_ns))
