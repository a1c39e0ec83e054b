"""What a question is, and how one is put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["promql", "logql", "traceql", "trace"]

DATASOURCES: Final[dict[Language, tuple[str, str]]] = {
    "promql": ("prometheus", "foretell-prometheus"),
    "logql": ("loki", "foretell-loki"),
    "traceql": ("tempo", "foretell-tempo"),
    "trace": ("tempo", "foretell-tempo"),
}
"""Language → type and uid of who answers, as deploy/grafana provisions them."""
SELECTIONS: Final = {
    "JOB": 'job=~"$job"',
    "AGENT": 'job=~"$job", gen_ai_agent_name=~"$agent"',
    "COSTS": 'job=~"$job", gen_ai_agent_name=~"$agent", model=~"$model"',
    # The conventions' metrics of model calls name no agent; the collector's metrics of spans do.
    "ASKED": 'job=~"$job", gen_ai_agent_name=~"$agent", gen_ai_request_model=~"$model", gen_ai_request_model!=""',
    "MODEL": 'job=~"$job", gen_ai_request_model=~"$model"',
    # What is found about a whole process names no agent.
    "NAMED": 'job=~"$job", gen_ai_agent_name=~"|$named"',
    "PROCESS": 'job=~"$process"',
    "SERVICE": 'service_name=~"${service:pipe}"',
    "SPANS": 'resource.service.name =~ "${service:pipe}"',
    "RUNS": 'span.gen_ai.operation.name = "invoke_agent" && span.gen_ai.agent.name =~ "${agent:pipe}"',
}
"""Word in a question → what a dashboard's variables select."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question, in the language of who answers it."""

    text: str
    legend: str = ""
    """How a series is called: `{{label}}` stands for a label's value."""
    language: Language = "promql"
    is_instant: bool = False
    """True for one answer about the whole time that is shown, False for one at each moment of it."""
    has_exemplars: bool = False
    """True where single calls are shown as dots that lead to their traces."""
    needs: str = ""
    """What must have happened before there is an answer; empty where any run will do."""


def select(text: str) -> str:
    """Put what the variables select in the place of each word in capitals."""
    return re.sub(r"\b[A-Z]{3,}\b", lambda word: SELECTIONS.get(word[0], word[0]), text)


def over(text: str, legend: str = "", needs: str = "") -> Query:
    """Ask Prometheus at each moment of the time that is shown."""
    return Query(select(text), legend, has_exemplars="_bucket" in text, needs=needs)


def now(text: str, legend: str = "", needs: str = "") -> Query:
    """Ask Prometheus once, about the whole time."""
    return Query(select(text), legend, is_instant=True, needs=needs)


def logs(text: str, legend: str = "", needs: str = "") -> Query:
    """Ask Loki."""
    return Query(select(text), legend, "logql", needs=needs)


def traces(text: str, legend: str = "", needs: str = "") -> Query:
    """Search Tempo, or count what is in it."""
    return Query(select(text), legend, "traceql", needs=needs)


def total(series: str) -> str:
    """What a counter rose by in the time that is shown, exactly: increase() alone would make 3 of 2.

    A counter born within that time counts from 0, though nobody may have seen its 0.
    """
    shown = f"{series}[$__range]"
    return (
        f"((increase({shown}) and resets({shown}) > 0 or max_over_time({shown}) - min_over_time({shown}))"
        f" + (min_over_time({shown}) unless max_over_time({series}[1h] offset $__range) or 0 * max_over_time({shown})))"
    )


def quantile(share: str, series: str, by: str = "") -> str:
    """The duration that a share of the calls stayed below."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({series}[$__rate_interval])))"
