"""What is in the dashboards that Grafana is given: their panels, questions, variables and links, read from the files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.house.source import ROOT

FOLDER = ROOT / "dashboards" / "json"
FILES = sorted(FOLDER.glob("*.json"))
DASHBOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text("utf-8")) for path in FILES}
RUNBOOKS: dict[str, dict[str, Any]] = {
    made["uid"]: made
    for made in (json.loads(path.read_text("utf-8")) for path in (ROOT / "deploy/grafana/runbooks").glob("*.json"))
}
"""Uid → the page."""
NO_UNIT = {"row", "text", "logs", "traces"}
"""Looks that show no numbers."""
RANGES = {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m", "$__auto": "1m"}


@dataclass(frozen=True)
class Question:
    """One question as a file has it."""

    where: str
    language: str
    text: str
    legend: str
    is_instant: bool


def list_panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def list_questions() -> list[Question]:
    """Every question of every panel, annotation and variable."""
    return [question for name, dashboard in DASHBOARDS.items() for question in _list_of(name, dashboard)]


def fill_in(text: str) -> str:
    """A question with the variables' places taken by what could stand there."""
    for name, value in RANGES.items():
        text = text.replace(name, value)
    text = re.sub(r"\$(longer|dearer)\b", lambda name: {"longer": "1s", "dearer": "0.01"}[name[1]], text)
    return re.sub(r"\$\{?\w+(:\w+)?\}?", "any", text)


def _list_of(name: str, dashboard: dict[str, Any]) -> Iterator[Question]:
    for panel in list_panels(dashboard):
        for target in panel.get("targets", []):
            yield _read_target(f"{name}: {panel['title']} {target['refId']}", target)
    for mark in dashboard.get("annotations", {}).get("list", []):
        yield Question(f"{name}: annotation {mark['name']}", "prometheus", mark["expr"], "", False)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            text = _read_variable(variable["query"]["query"])
            yield Question(f"{name}: variable {variable['name']}", "prometheus", text, "", True)


def _read_target(where: str, target: dict[str, Any]) -> Question:
    text = target.get("expr") or target.get("query") or ""
    legend = target.get("legendFormat", "")
    return Question(where, target["datasource"]["type"], text, legend, target.get("instant", False))


def _read_variable(text: str) -> str:
    """The PromQL in `label_values(series, label)` and `query_result(question)`."""
    inner = text[text.index("(") + 1 : -1]
    return inner.rpartition(",")[0] if text.startswith("label_values") else inner
