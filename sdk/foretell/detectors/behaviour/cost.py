"""Notices a run that costs too much, and tokens that nobody can price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import OPEN_RUNS, Board, Table, end_of, hex_id
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.dependency import name_model
from foretell.model.facts import InferenceFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import EMBEDDINGS, LLM

if TYPE_CHECKING:
    from foretell.model.call import Call

INFERENCES: Final = frozenset((LLM, EMBEDDINGS))
DEAREST: Final = 5
"""So many of a run's most expensive calls are its evidence."""
NOTHING: Final = (0.0, 0)
EVIDENCE_SHARE: Final = 0.02
"""Of the limit: what a run has spent before its dearest calls are remembered."""
MODELS: Final = 256


class _Bill:
    """What one run has cost so far."""

    __slots__ = ("calls", "dear_usd", "dearest", "onset_ns", "spent_usd", "unpriced")

    def __init__(self) -> None:
        self.spent_usd = 0.0
        self.calls = 0
        self.unpriced = 0
        self.onset_ns = 0
        self.dearest: list[tuple[float, int]] = []
        self.dear_usd = 0.0
        """What a call has to cost to be among them."""


class CostRunLimit(Detector):
    """Adds up what the model calls of a run cost and fires as soon as that is over the limit.

    While some of its calls have no price, the sum is a lower bound: over the limit it still fires, below it nothing
    can be told.
    """

    trigger = "cost_run_limit"
    kinds = INFERENCES

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._limit_usd = limits["run_usd"]
        self._board = Board()
        self._bills: Table[str, _Bill] = Table(_Bill, self._forget)
        self._small: dict[str, tuple[float, int]] = {}
        """Runs that have spent next to nothing: USD and calls."""

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """Add calls to their runs' bills; while a run has spent next to nothing, only sum that up."""
        bills, small, most_usd = self._bills.states, self._small, self._limit_usd * EVIDENCE_SHARE
        for call in calls:
            cost, run_id = call.cost, call.run_id
            if cost is not None and run_id not in bills:
                spent_usd, count = small.get(run_id, NOTHING)
                spent_usd += cost.amount_usd
                if spent_usd <= most_usd and len(small) < OPEN_RUNS:
                    small[run_id] = spent_usd, count + 1
                    continue
            self.take(call, now_ns)

    def take(self, call: Call, now_ns: int) -> None:
        """Add a call to its run's bill."""
        cost = call.cost
        if cost is None:
            if call.usage is not None:
                self._take_unpriced(call)
            return
        bill = self._find_bill(call.run_id)
        amount = cost.amount_usd
        bill.calls += 1
        bill.spent_usd += amount
        # Up to a part of the limit nobody will ask for evidence.
        if amount > bill.dear_usd and bill.spent_usd > self._limit_usd * EVIDENCE_SHARE:
            bill.dearest = sorted([*bill.dearest, (amount, call.span_id)])[-DEAREST:]
            bill.dear_usd = bill.dearest[0][0] if len(bill.dearest) == DEAREST else 0.0
        if bill.spent_usd > self._limit_usd:
            self._say(call, bill)

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the run."""
        self._small.pop(run_id, None)
        bill = self._bills.pop(run_id)
        if bill is not None:
            self._forget(run_id, bill)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which runs cost too much."""
        return self._board.report()

    def _find_bill(self, run_id: str) -> _Bill:
        bill = self._bills.touch(run_id)
        if run_id in self._small:
            bill.spent_usd, bill.calls = self._small.pop(run_id)
        return bill

    def _take_unpriced(self, call: Call) -> None:
        bill = self._find_bill(call.run_id)
        bill.unpriced += 1
        if bill.unpriced == 1 and bill.spent_usd <= self._limit_usd:
            text = (
                f"At least ${bill.spent_usd:.4f} so far (limit ${self._limit_usd:g}): some calls have no known price."
            )
            self._board.doubt(
                Judgement(
                    call.run_id,
                    Verdict.UNKNOWN,
                    explanation=text,
                    advice=PRICE_ADVICE,
                    evidence={"spent_usd": round(bill.spent_usd, 6), "unpriced_calls": bill.unpriced},
                    run_id=call.run_id,
                    agent_name=call.agent_name,
                )
            )

    def _say(self, call: Call, bill: _Bill) -> None:
        run_id = call.run_id
        bill.onset_ns = bill.onset_ns or end_of(call)
        at_least = "at least " if bill.unpriced else ""
        text = f"The run has cost {at_least}${bill.spent_usd:.4f} in {bill.calls} model calls (limit ${self._limit_usd:g})."
        evidence = {
            "calls": [hex_id(span) for _, span in sorted(bill.dearest, reverse=True)],
            "spent_usd": round(bill.spent_usd, 6), "limit_usd": self._limit_usd,
            "model_calls": bill.calls, "unpriced_calls": bill.unpriced,
        }  # fmt: skip
        self._board.settle(run_id)
        self._board.fire(
            Judgement(
                run_id,
                Verdict.FIRING,
                bill.onset_ns,
                text,
                evidence=evidence,
                run_id=run_id,
                span_id=call.span_id,
                agent_name=call.agent_name,
            )
        )

    def _forget(self, run_id: str, bill: _Bill) -> None:
        self._board.clear(run_id)
        self._board.settle(run_id)


PRICE_ADVICE: Final = "Give the model a price in the price file (FORETELL_PRICE_FILE); one of 0 where it is free."


class _Unpriced:
    """Tokens of one model without a price."""

    __slots__ = ("calls", "last_ns", "onset_ns", "said", "spans", "tokens")

    def __init__(self) -> None:
        self.tokens = self.calls = self.said = 0
        self.onset_ns = self.last_ns = 0
        self.spans: list[int] = []


class UnpricedTokens(Detector):
    """Counts the tokens of each model whose price is unknown. A price, or a while without such tokens, ends it."""

    trigger = "unpriced_tokens"
    kinds = INFERENCES

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._least = limits.get("min_tokens", 1)
        self._window_ns = int(limits.get("window_s", 600) * 1e9)
        self._board = Board()
        self._models: Table[str, _Unpriced] = Table(_Unpriced, self._forget, MODELS)

    def take(self, call: Call, now_ns: int) -> None:
        """Look whether the call's tokens have a price."""
        facts, usage = call.facts, call.usage
        if usage is None or not isinstance(facts, InferenceFacts):
            return
        if call.cost is not None:
            if self._models.states:
                self._end(_name_of(facts))
            return
        tokens = usage.input_tokens + usage.output_tokens
        if not tokens:
            return
        model = _name_of(facts)
        state = self._models.touch(model)
        state.tokens += tokens
        state.calls += 1
        state.last_ns = end_of(call)
        state.onset_ns = state.onset_ns or state.last_ns
        if len(state.spans) < DEAREST:
            state.spans.append(call.span_id)
        # Said again only when the number has doubled: nobody needs each call.
        if state.tokens >= self._least and state.tokens >= 2 * state.said:
            state.said = state.tokens
            self._say(call, model, state)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which models have no price."""
        if self._models.states:
            for model in [m for m, state in self._models.states.items() if now_ns - state.last_ns > self._window_ns]:
                self._end(model)
        return self._board.report()

    def _say(self, call: Call, model: str, state: _Unpriced) -> None:
        text = (
            f"{state.tokens} tokens in {state.calls} calls of {model} have no known price (limit {self._least:g}):"
            " the true cost is higher than what is shown."
        )
        evidence = {
            "calls": [hex_id(span) for span in state.spans], "model": model, "tokens": state.tokens,
            "model_calls": state.calls, "limit": self._least,
        }  # fmt: skip
        self._board.fire(
            Judgement(model, Verdict.FIRING, state.onset_ns, text, PRICE_ADVICE, 1.0, evidence, span_id=call.span_id)
        )

    def _end(self, model: str) -> None:
        state = self._models.pop(model)
        if state is not None:
            self._forget(model, state)

    def _forget(self, model: str, state: _Unpriced) -> None:
        self._board.clear(model)


def _name_of(facts: InferenceFacts) -> str:
    model = name_model(facts)
    return f"{facts.provider}/{model}" if facts.provider else model
