"""Adds up what runs cost, by agent and model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.model.facts import InferenceFacts
from foretell.model.kinds import Kind, Outcome

if TYPE_CHECKING:
    from foretell.model.run import Run


@dataclass(slots=True)
class ModelSum:
    """What one agent spent on one model."""

    agent: str
    model: str
    calls: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    """Of the input tokens, those that the provider had cached."""
    output_tokens: int = 0
    cost_usd: float | None = None
    unpriced_calls: int = 0
    """Calls that used tokens and have no known price."""


def sum_by_agent_and_model(runs: Iterable[Run]) -> list[ModelSum]:
    """Return one sum for each agent and model, the dearest first; unknown costs stand before all known ones."""
    sums: dict[tuple[str, str], ModelSum] = {}
    for run in runs:
        for call in run.calls:
            if call.kind not in (Kind.LLM, Kind.EMBEDDINGS):
                continue
            facts = call.facts if isinstance(call.facts, InferenceFacts) else InferenceFacts()
            model = facts.response_model or facts.request_model or call.name
            agent = call.agent_name or "–"
            entry = sums.setdefault((agent, model), ModelSum(agent, model))
            entry.calls += 1
            entry.failed += call.outcome is not Outcome.OK
            if call.usage is not None:
                entry.input_tokens += call.usage.input_tokens
                entry.cached_tokens += call.usage.cache_read
                entry.output_tokens += call.usage.output_tokens
            if call.cost is not None:
                entry.cost_usd = (entry.cost_usd or 0.0) + call.cost.amount_usd
            elif call.usage is not None or call.outcome is Outcome.OK:
                entry.unpriced_calls += 1
    return sorted(sums.values(), key=lambda entry: (entry.unpriced_calls == 0, -(entry.cost_usd or 0.0), entry.agent))
