"""One agent: what it does, how fast, with what, and what that costs."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row, link_to
from dashboards.panels import ANY_IS_BAD, ERROR_SHARES, THIRD, bars, heatmap, lines, stat
from dashboards.queries import errors, money, runs, triggers

_TO_TRACES = link_to(page.TRACES, "Its traces", agent="$agent")
_TO_ERRORS = link_to(page.ERRORS, "Its errors", agent="$agent")
_TO_COST = link_to(page.COST, "Its costs", agent="$agent")

PAGE = Page(
    uid=page.AGENT,
    title="Foretell / Agents: one agent",
    purpose="One agent's runs, time, calls, tokens and memory.",
    variables=(*page.AGENTS, page.MODEL_VARIABLE),
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "The time that is shown",
            (
                stat(
                    "Runs", "Runs of agents that ended; one that another agent called counts too.", runs.RUNS, "short"
                ),
                stat(
                    "Failed", "Runs that ended in an error or were killed.", runs.FAILED_RUNS, "short", steps=ANY_IS_BAD
                ),
                stat(
                    "Failed share",
                    "Share of the runs that failed. One in a hundred is accepted, one in twenty pages.",
                    runs.ERROR_SHARE,
                    "percentunit",
                    steps=ERROR_SHARES,
                    decimals=1,
                ),
                stat("95 % take less than", "Duration of a run.", runs.RUN_P95_NOW, "s", decimals=1),
                stat("Spent", "What its model calls cost whose price is known.", money.COST_OF_AGENTS, "currencyUSD"),
                stat(
                    "Cost of a run",
                    "What was spent, by the runs that ended.",
                    money.COST_PER_RUN,
                    "currencyUSD",
                    decimals=4,
                ),
            ),
        ),
        Row(
            "Runs",
            (
                bars("Runs by outcome", "Runs that ended, a minute.", runs.RUNS_BY_OUTCOME, "cpm"),
                lines(
                    "Duration of a run",
                    "Half of the runs, 95 % and 99 % take less. A dot is a single run: click it for its trace.",
                    (runs.RUN_P50, runs.RUN_P95, runs.RUN_P99),
                    "s",
                    links=(_TO_TRACES,),
                ),
                heatmap("How durations spread", "Each column holds the runs of one moment.", runs.RUN_SPREAD, "s"),
                lines(
                    "Calls in a run",
                    "Model calls and tool calls that one run makes, on average. A loop is seen here first.",
                    (runs.CALLS_PER_RUN, runs.TOOLS_PER_RUN),
                    "short",
                ),
            ),
        ),
        Row(
            "What it waits for",
            (
                lines("Models", "95 % of a model's answers take less.", runs.MODEL_P95, "s", width=THIRD),
                lines(
                    "First words",
                    "95 % of the streamed answers begin within this time; those to other agents of the service count too.",
                    runs.FIRST_CHUNK_P95,
                    "s",
                    width=THIRD,
                ),
                lines("Tools", "95 % of a tool's answers take less.", runs.TOOL_P95, "s", width=THIRD),
                lines(
                    "Failures by where they come from",
                    "Failed calls and runs. The dashboard of errors has each kind by itself.",
                    (
                        errors.MODEL_ERRORS,
                        errors.TOOL_ERRORS,
                        errors.DEPENDENCY_ERRORS,
                        errors.CONTEXT_ERRORS,
                        errors.OWN_ERRORS,
                    ),
                    "short",
                    width=THIRD,
                    links=(_TO_ERRORS,),
                ),
                lines(
                    "How full the context is",
                    "Share of the model's window: 95 % of the calls fill less. Past 90 % it is an alert.",
                    runs.CONTEXT_FILL,
                    "percentunit",
                    width=THIRD,
                ),
                lines(
                    "Cost",
                    "US dollars an hour, by model.",
                    money.COST_BY_MODEL,
                    "currencyUSD",
                    width=THIRD,
                    links=(_TO_COST,),
                ),
            ),
        ),
        Row(
            "What its process uses",
            (
                lines("Memory", "Resident memory of each process of the service.", runs.MEMORY, "bytes", width=THIRD),
                lines("CPU", "Cores in use, by what threads are for.", runs.CPU_BY_ROLE, "percentunit", width=THIRD),
                lines(
                    "Open files",
                    "File descriptors of each process of the service.",
                    runs.OPEN_FILES,
                    "short",
                    width=THIRD,
                ),
                lines("Scores", "Feedback and results of tasks, on average.", runs.SCORES, "short", width=24),
            ),
        ),
    ),
)
"""The dashboard `foretell-agent`."""
