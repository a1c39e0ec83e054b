"""Whoever is paged is led to a runbook that is there: a page of the Grafana that the same page's dashboard is in."""

from __future__ import annotations

import re

import yaml

from foretell.triggers.catalogue import CATALOGUE
from tests.house.dashboard_source import DASHBOARDS, RUNBOOKS
from tests.house.source import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["grafana"]


def list_links() -> list[str]:
    """Of every alert in every file of rules."""
    files = [DEPLOY / "prometheus" / "stack.yml", *(DEPLOY / "prometheus" / "rules").glob("*.yml")]
    return [link for file in files for link in re.findall(r"runbook_url: '(.*)'", file.read_text("utf-8"))]


def test_every_alert_s_runbook_is_a_page_of_the_grafana_that_is_published():
    links = list_links()
    (port,) = COMPOSE["ports"]
    grafana = f"http://{port.rpartition(':')[0]}/d/"

    assert len(CATALOGUE) < len(links)
    assert [] == [link for link in links if link.removeprefix(grafana) not in RUNBOOKS]


def test_the_page_is_the_runbook():
    texts = {f"runbook-{path.stem}": path.read_text("utf-8") for path in (DEPLOY / "runbooks").glob("*.md")}

    assert texts == {uid: page["panels"][-1]["options"]["content"] for uid, page in RUNBOOKS.items()}


def test_grafana_is_given_the_pages():
    providers = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/foretell.yaml").read_text("utf-8"))
    paths = {provider["name"]: provider["options"]["path"] for provider in providers["providers"]}

    assert f"./deploy/grafana/runbooks:{paths['runbooks']}:ro" in COMPOSE["volumes"]
    assert not paths["runbooks"].startswith(paths["foretell"])


def test_a_runbook_has_no_name_of_another_page():
    pages = [*DASHBOARDS.values(), *RUNBOOKS.values()]

    assert len(pages) == len({page["uid"] for page in pages}) == len({page["title"] for page in pages})
