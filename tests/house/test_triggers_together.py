"""A trigger's id is the stem everywhere: detector, alerts, rule tests, runbook and page are there, and nothing else is."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from foretell.detectors.line_up import DETECTORS
from foretell.export.metrics.prometheus import prometheus_label, prometheus_name
from foretell.semconv import metrics as table
from foretell.semconv import own
from foretell.semconv.table import Metric
from foretell.triggers.alerts import name_alert
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Trigger, Where
from tests.house.source import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "deploy" / "runbooks"
CASES = ROOT / "tests" / "rules"
PAGE = ROOT / "docs" / "reference" / "triggers.md"
DASHBOARD = ROOT / "dashboards" / "json" / "triggers.json"
SECTIONS = ["What it means", "Look first", "Fix", "Silence when"]
IDS = {trigger.id for trigger in CATALOGUE}

ALERTS = RULES / "triggers.yml"
RECORDING = RULES / "recording.yml"
QUERIES = [ALERTS, RECORDING, *sorted(RUNBOOKS.glob("*.md"))]


def each_trigger() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trigger", CATALOGUE, ids=lambda trigger: trigger.id)


def each_file_of_queries() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)


def read_queries(path: Path) -> str:
    """All PromQL of a file; of the rules without what people read."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return "\n".join(re.findall(r"```promql\n(.*?)```", text, re.DOTALL))
    return re.sub(r"^ *(#|summary|description|runbook_url|dashboard_url|trace_url).*$", "", text, flags=re.MULTILINE)


def test_a_detector_is_there_for_just_those_judged_in_the_process() -> None:
    """A trigger without one would promise what nobody does; one without a trigger could not be set or silenced."""
    assert {trigger.id for trigger in CATALOGUE if trigger.where is not Where.FLEET} == set(DETECTORS)


@pytest.mark.parametrize(("id", "home"), DETECTORS.items(), ids=DETECTORS)
def test_a_detector_watches_for_the_trigger_it_is_listed_under(id: str, home: str) -> None:
    module, _, name = home.partition(":")

    assert id == getattr(importlib.import_module(module), name).trigger


@each_trigger()
def test_an_alert_bears_the_trigger_s_name(trigger: Trigger) -> None:
    assert f"- alert: {name_alert(trigger.id)}\n" in ALERTS.read_text("utf-8")


@each_trigger()
def test_promtool_sees_each_alert_fire_and_stay_quiet(trigger: Trigger) -> None:
    """`tests/rules/<trigger>.yml` has a case of each kind for each of its alerts, and for the first failure ever."""
    cases = (CASES / f"{trigger.id}.yml").read_text("utf-8")
    checks = re.findall(r"- expr: (.*)\n +eval_time: .*\n +exp_samples:(.*(?:\n +(?:- labels|  value).*)*)", cases)
    fires = " ".join(expected for _, expected in checks)
    quiet = " ".join(expr for expr, expected in checks if "[]" in expected and "alertstate" in expr)

    names = [alert.name for alert in trigger.alerts]

    assert names == [name for name in names if f'alertname="{name}"' in fires]
    assert names == [name for name in names if f'alertname="{name}"' in quiet]
    assert " ever" in " ".join(re.findall(r"- name: (.*)", cases))


def test_there_are_no_cases_of_what_is_no_trigger() -> None:
    assert IDS == {path.stem for path in CASES.glob("*.yml")}


@each_trigger()
def test_the_runbook_says_what_it_means_where_to_look_what_to_do_and_when_to_silence(trigger: Trigger) -> None:
    """And it says so with commands, not only with words."""
    runbook = (RUNBOOKS / f"{trigger.id}.md").read_text("utf-8")
    look = runbook.partition("## Look first")[2].partition("\n## ")[0]

    assert runbook.startswith(f"# {trigger.id}\n")
    assert SECTIONS == re.findall(r"^## (.*)$", runbook, re.MULTILINE)
    assert "```" in look


def test_there_are_no_runbooks_of_what_is_no_trigger() -> None:
    assert IDS == {path.stem for path in RUNBOOKS.glob("*.md")}


@each_trigger()
def test_the_page_has_the_trigger_with_all_its_limits(trigger: Trigger) -> None:
    page = PAGE.read_text("utf-8")

    assert f"\n## {trigger.id}\n" in page
    assert [] == [name for limit in trigger.limits if (name := trigger.variable_of(limit)) not in page]


@each_trigger()
def test_the_dashboard_has_a_panel_with_the_trigger_s_limit(trigger: Trigger) -> None:
    """Every alert leads to that dashboard."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels if panel["title"] == trigger.id for target in panel["targets"]]
    limits = re.findall(r'foretell:trigger:limit\{trigger="(\w+)", limit="(\w+)"', " ".join(asked))

    assert {trigger.id} == {id for id, _ in limits}
    assert {name for _, name in limits} <= {limit.name for limit in trigger.limits}
    assert any("foretell:trigger:limit" not in text for text in asked)


def test_the_dashboard_has_no_panel_of_what_is_no_trigger() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]

    assert IDS == {panel["title"] for panel in panels if re.fullmatch(r"[a-z_]+", panel["title"])}


def _list_series() -> set[str]:
    """Every series that a process of ours can have, as Prometheus names it."""
    metrics = [*own.METRICS, *(item for item in vars(table).values() if isinstance(item, Metric))]
    names = {(prometheus_name(row.name, row.unit, row.kind), row.kind) for row in metrics}
    histograms = {
        f"{name}_{part}" for name, kind in names if kind == "histogram" for part in ("bucket", "sum", "count")
    }
    return {name for name, kind in names if kind != "histogram"} | histograms


def _list_labels() -> set[str]:
    metrics = [*own.METRICS, *(item for item in vars(table).values() if isinstance(item, Metric))]
    return {prometheus_label(label.name) for row in metrics for label in row.attributes}


@each_file_of_queries()
def test_queries_ask_for_series_that_we_have(path: Path) -> None:
    """A rule on a name that nobody emits never fires, and nobody notices."""
    queries = read_queries(path)
    ours = set(re.findall(r"(?<![\w:])(?:foretell|gen_ai|process)_\w+(?![\w:])", queries))
    recorded = set(re.findall(r"(?<![\w:])foretell:[\w:]+", queries)) - {"foretell:agent:expected"}
    made = set(re.findall(r"record: (\S+)", ALERTS.read_text("utf-8") + RECORDING.read_text("utf-8")))

    assert set() == ours - _list_series() - _list_labels()
    assert set() == {name for name in recorded if name not in made and not name.endswith(":")}


@each_file_of_queries()
def test_no_label_without_a_bound_is_asked_for(path: Path) -> None:
    """Runs, sessions, users and texts are reached by links."""
    forbidden = {prometheus_label(name) for name in own.FORBIDDEN_LABELS}

    assert set() == forbidden & set(re.findall(r"\w+", read_queries(path)))
