"""Triggers about tokens and money: the model's window, the budget, the price."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where

CONTEXT_OVERFLOW = Trigger(
    id="context_overflow",
    severity=Severity.WARNING,
    meaning="A conversation is about to be longer than the model can hold.",
    where=Where.BOTH,
    limits=(
        Limit("share", 0.9, "Share of the model's window that is full."),
        Limit("forecast_turns", 3, "Fewer turns than this are left at the present growth."),
    ),
    alerts=(
        Alert(
            "ContextOverflow",
            """\
foretell:context:calls:increase10m{le="+Inf"}
  - ignoring (le) foretell:context:calls:increase10m{le="{share}"}
  > 0.5""",
            keep_firing_s=120,
            description="{{ $value | humanize }} calls of {{ $labels.model }} in 10 minutes filled more than {share%} "
            "of its window.",
        ),
        told_by_process("context_overflow", "ContextOverflowFound"),
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
    alerts=(
        Alert(
            "CostBurn",
            """\
foretell:cost:usd:increase1h > on (job) {burn_factor} / 24 * foretell:budget:usd{period="day"}
and 12 * foretell:cost:usd:increase5m > on (job) {burn_factor} / 24 * foretell:budget:usd{period="day"}""",
            hold_s=3600,
            keep_firing_s=600,
            description="${{ $value | humanize }} in the last hour: {burn_factor} times the even pace of the day's budget.",
        ),
        Alert(
            "CostBurnForecast",
            # A straight line from the last 6 h to the end of the day (UTC).
            """\
foretell:budget:spent_usd{period="day"}
  + on (job) (86400 - time() % 86400) / 21600 * foretell:cost:usd:increase6h
  > on (job) foretell:budget:usd{period="day"}""",
            hold_s=3600,
            keep_firing_s=600,
            summary="{agent}: the day's budget will not last.",
            description="At the pace of the last 6 h the day ends at ${{ $value | humanize }}.",
        ),
        Alert(
            "CostBudgetSpent",
            "foretell:budget:spent_usd >= on (job, period) foretell:budget:usd",
            keep_firing_s=600,
            summary="{agent}: the budget of the {{ $labels.period }} is spent.",
            description="${{ $value | humanize }} were spent.",
        ),
        told_by_process("cost_burn", "CostBurnFound"),
    ),
    advice="See which runs spend (`foretell runs --since 1h`); a loop or a long context is the usual cause.",
)

COST_RUN_LIMIT = Trigger(
    id="cost_run_limit",
    severity=Severity.WARNING,
    meaning="One run costs more than a run may.",
    where=Where.PROCESS,
    limits=(Limit("run_usd", 0.10, "What a run may cost, where FORETELL_BUDGET_RUN_USD says nothing."),),
    alerts=(told_by_process("cost_run_limit", "CostRunLimit"),),
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
    alerts=(
        Alert(
            "UnpricedTokens",
            "foretell:unpriced:tokens:increase10m >= {min_tokens} - 0.5",
            keep_firing_s=600,
            description="{{ $value | humanize }} tokens of {{ $labels.provider }} {{ $labels.model }} in 10 minutes "
            "have no price.",
        ),
        told_by_process("unpriced_tokens", "UnpricedTokensFound"),
    ),
    advice="Give the model a price in the price file (FORETELL_PRICE_FILE).",
)

TRIGGERS = (CONTEXT_OVERFLOW, COST_BURN, COST_RUN_LIMIT, UNPRICED_TOKENS)
