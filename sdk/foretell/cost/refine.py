"""Give finished model calls their tokens and their cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from foretell.cost.prices import PriceBook
from foretell.cost.usage import read_facts
from foretell.model.call import Call
from foretell.model.facts import InferenceFacts
from foretell.model.kinds import EMBEDDINGS, LLM
from foretell.model.usage import Cost

NS_PER_S = 1_000_000_000


def refine_costs(calls: Sequence[Call], prices: PriceBook, is_tracked: Callable[[Call], bool] | None = None) -> None:
    """Read what the responses left in `call.response` into `facts`, `usage` and `cost`, and let go of it.

    Calls of other kinds are left alone. A call whose response gave no tokens keeps usage None, and a call whose price
    is unknown keeps cost None. Where `is_tracked` says no, tokens are read but no cost. If one call cannot be read, the
    others are; then the first error is raised.
    """
    failure: Exception | None = None
    second, at = 0, datetime.fromtimestamp(0, timezone.utc)
    for call in calls:
        if call.kind is not LLM and call.kind is not EMBEDDINGS:
            continue
        try:
            # Calls of one batch began within few seconds, and prices do not change within one.
            if call.start_ns // NS_PER_S != second:
                second = call.start_ns // NS_PER_S
                at = datetime.fromtimestamp(second, timezone.utc)
            _refine(call, prices, at, is_tracked)
        except Exception as error:
            failure = failure or error
    if failure is not None:
        raise failure


def _refine(call: Call, prices: PriceBook, at: datetime, is_tracked: Callable[[Call], bool] | None) -> None:
    response, call.response = call.response, None
    facts = call.facts
    if not isinstance(facts, InferenceFacts):
        facts = call.facts = InferenceFacts(operation="chat" if call.kind is LLM else "embeddings")
    if response:
        usage = read_facts([response] if isinstance(response, dict) else response, facts)
        if usage is not None:
            call.usage = usage
    if call.cost is not None or (is_tracked is not None and not is_tracked(call)):
        return
    if call.usage is not None:
        call.cost = prices.price(
            facts.provider,
            facts.response_model,
            call.usage,
            at,
            call.agent_name,
            request_model=facts.request_model,
            service_tier=facts.service_tier,
            reported_usd=facts.reported_cost_usd,
        )
    elif facts.reported_cost_usd is not None:
        call.cost = Cost(facts.reported_cost_usd, "reported")
