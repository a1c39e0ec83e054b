"""The fleet: every agent at a glance, and the one to look at first."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row, link_to
from dashboards.panels import ALERT_COLUMNS, ANY_IS_BAD, ERROR_SHARES, bars, lines, stat, table
from dashboards.queries import money, runs, triggers

_TO_AGENT = link_to(page.AGENT, "This agent", agent="${__field.labels.gen_ai_agent_name}")
_ROW_TO_AGENT = link_to(page.AGENT, "This agent", agent="${__value.raw}")
_ROW_TO_ALERT = link_to(page.TRIGGERS, "This trigger", trigger="${__value.raw}")

PAGE = Page(
    uid=page.FLEET,
    title="Foretell / Agents: the fleet",
    purpose="How all agents are: runs, failures, time, money, and which agent to look at first.",
    variables=page.AGENTS,
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "The time that is shown",
            (
                stat(
                    "Agents",
                    "Agents that gave a sign of life and have not said goodbye.",
                    runs.AGENTS_ALIVE,
                    "short",
                    width=3,
                ),
                stat(
                    "Runs",
                    "Runs of agents that ended; one that another agent called counts too.",
                    runs.RUNS,
                    "short",
                    width=3,
                ),
                stat("Open runs", "Runs that are open now.", runs.OPEN_RUNS, "short", width=3),
                stat(
                    "Failed",
                    "Runs that ended in an error or were killed.",
                    runs.FAILED_RUNS,
                    "short",
                    width=3,
                    steps=ANY_IS_BAD,
                ),
                stat(
                    "Failed share",
                    "Share of the runs that failed. One in a hundred is accepted, one in twenty pages.",
                    runs.ERROR_SHARE,
                    "percentunit",
                    width=3,
                    steps=ERROR_SHARES,
                    decimals=1,
                ),
                stat("95 % take less than", "Duration of a run.", runs.RUN_P95_NOW, "s", width=3, decimals=1),
                stat(
                    "Spent",
                    "What the model calls cost whose price is known.",
                    money.COST_OF_AGENTS,
                    "currencyUSD",
                    width=3,
                ),
                stat(
                    "Alerts",
                    "Alerts that fire now, without the dead man's switch that always does.",
                    triggers.FLEET_ALERTS,
                    "short",
                    width=3,
                    steps=ANY_IS_BAD,
                ),
            ),
        ),
        Row(
            "Which agent",
            (
                table(
                    "Agents and what they did",
                    "What each agent did in the time that is shown. Click a name for that agent alone.",
                    (runs.TABLE_RUNS, runs.TABLE_FAILED, runs.TABLE_P95, runs.TABLE_COST),
                    "short",
                    columns={
                        "gen_ai_agent_name": ("Agent", ""),
                        "Value #A": ("Runs", "short"),
                        "Value #B": ("Failed", "short"),
                        "Value #C": ("95 % take less than", "s"),
                        "Value #D": ("Cost", "currencyUSD"),
                    },
                    width=14,
                    links={"Agent": _ROW_TO_AGENT},
                    sort="Runs",
                ),
                table(
                    "Alerts that fire",
                    "Now, by what is wrong and with whom. Click a trigger for what it looks at.",
                    triggers.ALERTS_OF_FLEET,
                    "short",
                    columns=ALERT_COLUMNS,
                    width=10,
                    links={"Trigger": _ROW_TO_ALERT},
                    sort="Severity",
                ),
            ),
        ),
        Row(
            "Over time",
            (
                bars("Runs by outcome", "Runs that ended, a minute.", runs.RUNS_BY_OUTCOME, "cpm"),
                lines("Runs by agent", "Runs that ended, a minute.", runs.RUNS_BY_AGENT, "cpm", links=(_TO_AGENT,)),
                lines(
                    "Failed share by agent",
                    "Failed runs of the last five minutes among all of them; nothing where no run ended.",
                    runs.ERROR_SHARE_BY_AGENT,
                    "percentunit",
                    links=(_TO_AGENT,),
                ),
                lines(
                    "95 % of the runs take less than",
                    "By agent. A dot is a single run: click it for its trace.",
                    runs.RUN_P95_BY_AGENT,
                    "s",
                    links=(_TO_AGENT,),
                ),
                lines(
                    "Cost by agent", "US dollars an hour.", money.COST_RATE_OF_AGENTS, "currencyUSD", links=(_TO_AGENT,)
                ),
                lines(
                    "Open runs by agent",
                    "Runs that hang never end, so they are seen only here.",
                    runs.OPEN_BY_AGENT,
                    "short",
                    links=(_TO_AGENT,),
                ),
            ),
        ),
        Row(
            "Who calls whom",
            (
                table(
                    "Edges of the agent graph",
                    "The 20 most used: an agent and the model, tool or agent that it called, in the time that is shown.",
                    runs.EDGES,
                    "short",
                    columns={
                        "source": ("From", ""),
                        "target": ("To", ""),
                        "kind": ("What it is", ""),
                        "Value": ("Calls", "short"),
                    },
                    sort="Calls",
                ),
            ),
        ),
    ),
)
"""The dashboard `foretell-fleet`."""
