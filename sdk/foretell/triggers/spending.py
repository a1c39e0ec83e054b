"""Triggers about tokens and money: the model's window, the budget, the price."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.trigger import Limit, Trigger, Where

CONTEXT_OVERFLOW = Trigger(
    id="context_overflow",
    severity=Severity.WARNING,
    meaning="A conversation is about to be longer than the model can hold.",
    where=Where.BOTH,
    limits=(
        Limit("share", 0.9, "Share of the model's window that is full."),
        Limit("forecast_turns", 3, "Fewer turns than this are left at the present growth."),
    ),
    advice="Compact or summarise the conversation, or cut long tool results.",
)

COST_BURN = Trigger(
    id="cost_burn",
    severity=Severity.WARNING,
    meaning="Money is spent so fast that the budget will not last.",
    where=Where.BOTH,
    limits=(
        Limit("day_usd", 10, "Budget of a day, where FORETELL_BUDGET_DAY_USD sets none."),
        Limit("month_usd", 300, "Budget of a month, where FORETELL_BUDGET_MONTH_USD sets none."),
        Limit("burn_factor", 6, "Times the even pace of the daily budget."),
    ),
    advice="See which agent and model spend: `foretell analyze`; a loop or a long context is the usual cause.",
)

COST_RUN_LIMIT = Trigger(
    id="cost_run_limit",
    severity=Severity.WARNING,
    meaning="One run costs more than a run may.",
    where=Where.PROCESS,
    limits=(Limit("run_usd", 0.10, "What a run may cost, where FORETELL_BUDGET_RUN_USD says nothing."),),
    advice="Look at its model calls: many repeats or a long context? Let the trigger halt such runs if they are no use.",
)

UNPRICED_TOKENS = Trigger(
    id="unpriced_tokens",
    severity=Severity.INFO,
    meaning="Tokens were used whose price is unknown: the true cost is higher than what is shown.",
    where=Where.BOTH,
    limits=(
        Limit("min_tokens", 1, "So many tokens without a price."),
        Limit("window_s", 600, "Within so many seconds; in the fleet."),
    ),
    advice="Give the model a price in the price file (FORETELL_PRICE_FILE).",
)

TRIGGERS = (CONTEXT_OVERFLOW, COST_BURN, COST_RUN_LIMIT, UNPRICED_TOKENS)
