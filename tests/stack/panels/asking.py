"""Asks the servers what a panel asks, with the variables filled in as Grafana fills them."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.house.dashboard_source import Question
from tests.stack.road import ask
from tests.stack.runner import Stack

ALL = ".*"
SENT_EACH_S = 60
"""What the source says of how often agents send; Grafana takes at least four times that for rates."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen in the fields at the head of a dashboard."""

    job: str = ALL
    service: str = ALL
    agent: str = ALL
    environment: str = ALL
    model: str = ALL
    trigger: str = ALL
    named: str = ALL
    process: str = ALL
    longer: str = "10ms"
    dearer: str = "0.0001"
    run: str = ""
    trace: str = ""
    shown_s: int = 1800
    step_s: int = 15

    def list_built_in(self) -> dict[str, str]:
        """The variables that Grafana itself gives."""
        interval = f"{max(self.step_s, SENT_EACH_S)}s"
        rate_interval = f"{max(4 * SENT_EACH_S, self.step_s + SENT_EACH_S)}s"
        shown = f"{self.shown_s}s"
        return {"__range": shown, "__rate_interval": rate_interval, "__interval": interval, "__auto": interval}


def fill_in(text: str, chosen: Chosen) -> str:
    """The question that reaches the server."""
    built_in = chosen.list_built_in()

    def value_of(place: re.Match[str]) -> str:
        name = place[1] or place[2]
        return built_in[name] if name in built_in else str(getattr(chosen, name))

    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))", value_of, text)


def choose_all(stack: Stack, dashboard: dict[str, Any], typed: Chosen) -> Chosen:
    """What Grafana fills in where everything is chosen: all that a variable has to offer, or what stands for that."""
    chosen = typed
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            options = list_options(stack, variable, chosen)
            assert options, f"{dashboard['uid']}: the variable {variable['name']} has nothing to offer"
            chosen_now: dict[str, Any] = {variable["name"]: variable.get("allValue") or "|".join(options)}
            chosen = replace(chosen, **chosen_now)
    return chosen


def list_options(stack: Stack, variable: dict[str, Any], chosen: Chosen) -> list[str]:
    """What a variable has to offer."""
    url, question = f"{stack.url('prometheus', 9090)}/api/v1", variable["query"]["query"]
    inner = fill_in(question[question.index("(") + 1 : -1], chosen)
    if question.startswith("label_values"):
        series, _, label = inner.rpartition(",")
        shown = _shown(chosen)
        found = ask(f"{url}/label/{label.strip()}/values", **{"match[]": series}, **shown)["data"]
    else:
        found = [_write(series) for series in ask(f"{url}/query", query=inner)["data"]["result"]]
    if pattern := variable.get("regex"):
        matches = (re.search(pattern.strip("/"), text) for text in found)
        return sorted({match[1] for match in matches if match})
    return sorted(set(found))


def _write(series: dict[str, Any]) -> str:
    """A series as Grafana writes it, before a variable's pattern looks at it."""
    labels = ",".join(f'{name}="{value}"' for name, value in series["metric"].items())
    return f"{{{labels}}} {series['value'][1]} {series['value'][0]}"


def has_answer(stack: Stack, question: Question, chosen: Chosen) -> bool:
    """True where a panel would draw something."""
    return bool(ASKED[question.language](stack, question, chosen))


def ask_prometheus(stack: Stack, question: Question, chosen: Chosen) -> list[dict[str, Any]]:
    """The series that have a number at some moment of the time that is shown."""
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    text = fill_in(question.text, chosen)
    if question.is_instant and " variable " not in question.where:
        series = ask(url, query=text)["data"]["result"]
    else:
        series = ask(f"{url}_range", query=text, **_shown(chosen), step=str(chosen.step_s))["data"]["result"]
    return [one for one in series if any(math.isfinite(float(value)) for _, value in _values_of(one))]


def ask_loki(stack: Stack, question: Question, chosen: Chosen) -> list[Any]:
    """The streams or counts that Loki finds."""
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    return list(ask(url, query=fill_in(question.text, chosen), **_shown(chosen))["data"]["result"])


def ask_tempo(stack: Stack, question: Question, chosen: Chosen) -> Any:
    """The traces that Tempo finds, or what it counts in them."""
    url, text = f"{stack.url('tempo', 3200)}/api", fill_in(question.text, chosen)
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return ask(f"{url}/traces/{text}")
    shown = {name: str(int(float(value))) for name, value in _shown(chosen).items()}
    if re.search(r"\| *(?:rate|quantile_over_time)\(", text):
        return ask(f"{url}/metrics/query_range", q=text, step="60s", **shown)["series"]
    return ask(f"{url}/search", q=text, **shown)["traces"]


ASKED = {"prometheus": ask_prometheus, "loki": ask_loki, "tempo": ask_tempo}
"""Language → who answers it."""


def _shown(chosen: Chosen) -> Mapping[str, str]:
    now_s = time.time()
    return {"start": f"{now_s - chosen.shown_s:.3f}", "end": f"{now_s:.3f}"}


def _values_of(series: dict[str, Any]) -> list[Any]:
    return list(series.get("values") or [series["value"]])
