"""Notices a conversation that is about to be longer than its model can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from foretell.detectors.behaviour.board import Board, Table, end_of, hex_id, join_key
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.facts import InferenceFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import LLM

if TYPE_CHECKING:
    from foretell.model.call import Call

ContextWindow = Callable[[str | None, str], int | None]
"""Provider and model → tokens that the model can hold; None where that is unknown."""

RELEASE: Final = 0.9
"""Of the limit: below it a conversation has room again."""
GROWTHS: Final = 5
"""The last so many turns tell how fast a conversation grows."""
LEAST_GROWTHS: Final = 3
FORECAST_SHARE: Final = 0.5
"""Below half of the window one large document is no trend."""
NOTABLE_SHARE: Final = 0.2
"""Of the window: from there on a run's conversations are followed, long before a forecast means anything."""
DROP_SHARE: Final = 0.7
"""Input that shrinks below this share of the one before was compacted, or is another conversation."""
MODELS: Final = 256
_OVERFLOW = re.compile(
    r"(?i:context[_ ]?(?:length|window)|maximum context|prompt is too long|input is too long|too many input tokens"
    r"|input token count .{0,40}exceeds|exceeds? the (?:model'?s )?(?:maximum|context)|reduce the length)"
)
_STOPPED: Final = "model_context_window_exceeded"


class _Talk:
    """One agent's conversation with one model in a run."""

    __slots__ = ("growths", "tokens")

    def __init__(self) -> None:
        self.tokens = 0
        """Input of the last turn."""
        self.growths: list[int] = []


class ContextOverflow(Detector):
    """Compares the input of each model call with the model's window, and what is left with the growth per turn.

    A provider's own overflow error always counts. Where the window or the tokens are unknown, so is the verdict. A
    sudden drop (compaction) begins anew.
    """

    trigger = "context_overflow"
    kinds = frozenset((LLM,))

    def __init__(self, limits: Mapping[str, float], context_window: ContextWindow | None = None) -> None:
        """`context_window` tells how many tokens a model can hold; without it only the provider's errors tell."""
        super().__init__(limits)
        self._share = limits["share"]
        self._forecast_turns = limits["forecast_turns"]
        self._context_window = context_window
        self._windows: dict[tuple[str | None, str | None], int | None] = {}
        self._board = Board()
        self._runs: Table[str, dict[tuple[str | None, str | None], _Talk]] = Table(dict, self._forget)

    def take(self, call: Call, now_ns: int) -> None:
        """Look at the tokens of a model call, or at its error."""
        facts = call.facts
        if not isinstance(facts, InferenceFacts):
            return
        model = facts.response_model or facts.request_model
        if (call.error is not None and _is_overflow(call)) or _STOPPED in facts.finish_reasons:
            self._refuse(call, model)
        elif call.usage is not None:
            limit = self._find_limit(facts.provider, model)
            if limit is None:
                self._doubt(call, model, "The window of {model} is unknown: how full it is cannot be told.")
            else:
                self._weigh(call, model, call.usage.input_tokens, limit)
        elif call.error is None:
            self._doubt(call, model, "{model} told no tokens: how full its window is cannot be told.")

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """Look at those whose input is a notable part of the window, or whose window or tokens are unknown."""
        runs = self._runs.states
        for call in calls:
            facts, usage = call.facts, call.usage
            if usage is not None and call.error is None and isinstance(facts, InferenceFacts):
                limit = self._find_limit(facts.provider, facts.response_model or facts.request_model)
                if (
                    limit is not None
                    and usage.input_tokens < limit * NOTABLE_SHARE
                    and call.run_id not in runs
                    and _STOPPED not in facts.finish_reasons
                ):
                    continue
            self.take(call, now_ns)

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the run."""
        talks = self._runs.pop(run_id)
        if talks is not None:
            self._forget(run_id, talks)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which conversations are near their end."""
        return self._board.report()

    def _find_limit(self, provider: str | None, model: str | None) -> int | None:
        about = (provider, model)
        if about not in self._windows:
            if len(self._windows) >= MODELS:
                self._windows.clear()
            known = None if self._context_window is None or not model else self._context_window(provider, model)
            self._windows[about] = known
        return self._windows[about]

    def _weigh(self, call: Call, model: str | None, tokens: int, limit: int) -> None:
        talk = self._find_talk(call, model)
        growth, talk.tokens = tokens - talk.tokens, tokens
        if growth < 0 and tokens < (tokens - growth) * DROP_SHARE:
            talk.growths.clear()
        elif growth != tokens:
            talk.growths.append(growth)
            del talk.growths[:-GROWTHS]
        share = tokens / limit
        if share < FORECAST_SHARE and not self._board.firing_count:
            return
        key = _key_of(call, model)
        turns = self._forecast(talk, limit - tokens) if share >= FORECAST_SHARE else None
        if share > self._share:
            text = f"The input of {tokens} tokens fills {share:.1%} of the {limit} that {model} can hold (limit {self._share:.0%})."
            self._fire(call, key, text, 0.95, {"share": round(share, 4), "limit": self._share}, tokens, limit)
        elif turns is not None and turns < self._forecast_turns:
            text = (
                f"The input of {tokens} tokens grows by {median(talk.growths):.0f} a turn: in {turns:.1f} turns"
                f" {model} with its {limit} tokens is full (limit {self._forecast_turns:g} turns)."
            )
            evidence = {"turns_left": round(turns, 2), "limit": self._forecast_turns, "growth": median(talk.growths)}
            self._fire(call, key, text, 0.8, evidence, tokens, limit)
        elif share < self._share * RELEASE or self._was_forecast(key):
            self._board.clear(key)

    def _was_forecast(self, key: str) -> bool:
        """True where the growth was what fired: it ends with the growth, whatever the share."""
        judgement = self._board.find(key)
        return judgement is not None and "turns_left" in judgement.evidence

    def _forecast(self, talk: _Talk, left: int) -> float | None:
        """Turns until the window is full; None where the input does not grow steadily."""
        growths = talk.growths
        if len(growths) < LEAST_GROWTHS or min(growths[-LEAST_GROWTHS:]) <= 0:
            return None
        return left / median(growths)

    def _refuse(self, call: Call, model: str | None) -> None:
        self._find_talk(call, model)
        text = f"{model or 'The model'} refused the input: it is longer than its window."
        evidence: dict[str, Any] = {"calls": [hex_id(call.span_id)], "model": model}
        if call.error is not None:
            evidence["error_type"] = call.error.type
        self._board.fire(
            Judgement(
                _key_of(call, model),
                Verdict.FIRING,
                call.start_ns,
                text,
                confidence=1.0,
                evidence=evidence,
                run_id=call.run_id,
                span_id=call.span_id,
                agent_name=call.agent_name,
            )
        )

    def _fire(
        self, call: Call, key: str, text: str, confidence: float, evidence: dict[str, Any], tokens: int, limit: int
    ) -> None:
        facts = call.facts
        assert isinstance(facts, InferenceFacts)
        evidence |= {
            "calls": [hex_id(call.span_id)],
            "model": facts.response_model or facts.request_model,
            "input_tokens": tokens,
            "window_tokens": limit,
            "reserved_output_tokens": (facts.request or {}).get("max_tokens"),
        }
        before = self._board.find(key)
        onset_ns = end_of(call) if before is None else before.onset_ns
        self._board.fire(
            Judgement(
                key,
                Verdict.FIRING,
                onset_ns,
                text,
                confidence=confidence,
                evidence=evidence,
                run_id=call.run_id,
                span_id=call.span_id,
                agent_name=call.agent_name,
            )
        )

    def _find_talk(self, call: Call, model: str | None) -> _Talk:
        self._board.settle(_doubt_key(call, model))
        talks = self._runs.touch(call.run_id)
        about = (call.agent_name, model)
        talk = talks.get(about)
        if talk is None:
            talk = talks[about] = _Talk()
            if len(talks) > MODELS:
                talks.pop(next(iter(talks)))
        return talk

    def _doubt(self, call: Call, model: str | None, text: str) -> None:
        # By agent and model, not by run: it says the same of all runs.
        if self._board.is_unknown(_doubt_key(call, model)):
            return
        self._board.doubt(
            Judgement(
                _doubt_key(call, model),
                Verdict.UNKNOWN,
                explanation=text.format(model=model or "The model"),
                advice="Set the window in the price file (FORETELL_PRICE_FILE).",
                evidence={"model": model},
                agent_name=call.agent_name,
            )
        )

    def _forget(self, run_id: str, talks: dict[tuple[str | None, str | None], _Talk]) -> None:
        for agent_name, model in talks:
            self._board.clear(f"{join_key(run_id, agent_name)}/{model}")


def _is_overflow(call: Call) -> bool:
    assert call.error is not None
    return "ContextWindow" in call.error.type or _OVERFLOW.search(f"{call.error.type} {call.error.message}") is not None


def _key_of(call: Call, model: str | None) -> str:
    return f"{join_key(call.run_id, call.agent_name)}/{model}"


def _doubt_key(call: Call, model: str | None) -> str:
    return f"{call.agent_name}/{model}"
