"""Costs: what is spent and on what, how long the budget lasts, and where money can be saved."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row, link_to
from dashboards.panels import ANY_IS_BAD, HALF, THIRD, found_traces, gauges, lines, stat, table
from dashboards.queries import money, signals, triggers

_TO_AGENT = link_to(page.AGENT, "This agent", agent="${__field.labels.gen_ai_agent_name}")
_ROW_TO_AGENT = link_to(page.AGENT, "This agent", agent="${__value.raw}")

PAGE = Page(
    uid=page.COST,
    title="Foretell / Cost optimisation",
    purpose="What is spent, on which agent and model, how long the budgets last, and where money can be saved.",
    variables=(*page.AGENTS, page.MODEL_VARIABLE, page.SERVICE_VARIABLE, page.DEARER_VARIABLE),
    annotation=triggers.ALERTS_SHOWN,
    since="now-24h",
    rows=(
        Row(
            "The time that is shown",
            (
                stat("Spent", "What the model calls cost whose price is known.", money.COST, "currencyUSD", decimals=2),
                stat(
                    "Cost of a run",
                    "What was spent, by the runs that ended.",
                    money.COST_PER_RUN,
                    "currencyUSD",
                    decimals=4,
                ),
                stat(
                    "Tokens",
                    "Input and output of all model calls of the chosen services and models, whichever agent made them.",
                    money.TOKENS,
                    "short",
                ),
                stat(
                    "Input from the cache",
                    "Share of the input tokens that the provider had cached: they cost a fraction.",
                    money.CACHED_SHARE,
                    "percentunit",
                    decimals=1,
                ),
                stat(
                    "Tokens without a price",
                    "They are in no sum of money. `foretell prices` says how to give one.",
                    money.UNPRICED,
                    "short",
                    width=8,
                    steps=ANY_IS_BAD,
                ),
            ),
        ),
        Row(
            "Budgets",
            (
                gauges(
                    "Spent of the budget",
                    "By service, for the day and the month; the catalogue's limits where a program sets none.",
                    money.BUDGET_SHARE,
                    "percentunit",
                    width=THIRD,
                ),
                lines(
                    "The day",
                    "Spent so far, the limit, and where the last six hours lead to by midnight (UTC).",
                    (money.SPENT_DAY, money.BUDGET_DAY, money.FORECAST_DAY),
                    "currencyUSD",
                    width=THIRD,
                ),
                lines(
                    "The month",
                    "Spent so far, the limit, and where the last day leads to by the end of the month.",
                    (money.SPENT_MONTH, money.BUDGET_MONTH, money.FORECAST_MONTH),
                    "currencyUSD",
                    width=THIRD,
                ),
            ),
        ),
        Row(
            "On what",
            (
                lines("By model", "US dollars an hour.", money.COST_BY_MODEL, "currencyUSD"),
                lines("By agent", "US dollars an hour.", money.COST_BY_AGENT, "currencyUSD", links=(_TO_AGENT,)),
                table(
                    "Agents and models",
                    "The 20 dearest pairs in the time that is shown.",
                    money.COST_TABLE,
                    "currencyUSD",
                    columns={
                        "gen_ai_agent_name": ("Agent", ""),
                        "provider": ("Provider", ""),
                        "model": ("Model", ""),
                        "Value": ("Cost", "currencyUSD"),
                    },
                    width=HALF,
                    links={"Agent": _ROW_TO_AGENT},
                    sort="Cost",
                ),
                lines(
                    "Cost of a run by agent",
                    "What a run of each agent costs, on average.",
                    money.COST_PER_RUN_BY_AGENT,
                    "currencyUSD",
                    links=(_TO_AGENT,),
                ),
            ),
        ),
        Row(
            "Where to save",
            (
                lines(
                    "Input from the cache by model",
                    "A prompt whose beginning stays the same is cached; one with a clock at its top is not.",
                    money.CACHED_SHARE_BY_MODEL,
                    "percentunit",
                ),
                lines(
                    "Tokens by kind",
                    "A minute. Reasoning is a part of the output, cache writes are a part of the input.",
                    (money.INPUT_TOKENS, money.OUTPUT_TOKENS, money.REASONING_TOKENS, money.CACHE_WRITES),
                    "cpm",
                ),
                found_traces(
                    "Dearest runs",
                    "The newest traces whose model calls cost more than the field above says. Click one for its story.",
                    signals.DEAR_TRACES,
                    links={
                        "traceName": link_to(page.REPLAY, "Replay this run", trace="${__data.fields.traceID}"),
                    },
                ),
            ),
        ),
    ),
)
"""The dashboard `foretell-cost`."""
