"""Every trigger: the trouble happens, its alert fires on the running Prometheus, and the phone rings."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from foretell.triggers.alerts import name_alert
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.trigger import Trigger
from tests.house.dashboard_source import DASHBOARDS, RUNBOOKS
from tests.stack.holds import HOLD_S
from tests.stack.paging.told import Alert, list_alerts, list_first_of, list_messages
from tests.stack.road import ask, wait_for
from tests.stack.runner import Stack
from tests.stack.troubles import SOURCES, Troubles

pytestmark = pytest.mark.stack

UIDS = {dashboard["uid"] for dashboard in DASHBOARDS.values()}


HAS_NO_TRACE = {"pattern_anomaly", "memory_growth", "cpu_spin"}
"""What stands in Prometheus's memory alone."""


def each_trigger() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trigger", CATALOGUE, ids=lambda trigger: trigger.id)


def find_alert(stack: Stack, trigger: Trigger) -> Alert:
    """The first message about its own alert, the one that bears its name."""
    labels = {"alertname": name_alert(trigger.id), "job": SOURCES[trigger.id].job}
    return wait_for(lambda: list_alerts(stack, **labels), 300)[0]


@each_trigger()
def test_its_alert_says_what_it_means_what_to_do_and_where_to_look(
    stack: Stack, troubles: Troubles, trigger: Trigger
) -> None:
    alert = find_alert(stack, trigger)
    said = alert["annotations"]
    (own,) = (each for each in trigger.alerts if each.name == alert["labels"]["alertname"])

    assert re.sub(r"\{agent\}: |\{\{.*?\}\}", "", own.summary or trigger.meaning) in said["summary"]
    assert said["summary"].startswith(f"{alert['labels']['agent']}: ")
    assert trigger.advice in said["description"]
    assert urlsplit(said["runbook_url"]).path.removeprefix("/d/") in RUNBOOKS
    assert urlsplit(said["dashboard_url"]).path.removeprefix("/d/") in UIDS
    assert dict(parse_qsl(urlsplit(said["dashboard_url"]).query)) == {
        "var-agent": alert["labels"]["agent"],
        "var-trigger": trigger.id,
    }


@each_trigger()
def test_its_link_leads_to_the_agent_s_traces(stack: Stack, troubles: Troubles, trigger: Trigger) -> None:
    """Jaeger's API is asked what the link asks its page."""
    alert = find_alert(stack, trigger)
    link = urlsplit(alert["annotations"]["trace_url"])
    asked = dict(parse_qsl(link.query))

    assert ("127.0.0.1:16686", "/search") == (link.netloc, link.path)
    assert {"service": SOURCES[trigger.id].job.rpartition("/")[2]}.items() <= asked.items()
    assert int(asked["start"]) / 1e6 < alert["came_s"] < int(asked["end"]) / 1e6
    if trigger.id not in HAS_NO_TRACE:
        assert wait_for(lambda: ask(f"{stack.url('jaeger', 16686)}/api/traces", **asked)["data"])


@pytest.mark.parametrize(
    "trigger",
    [trigger for trigger in CATALOGUE if SOURCES[trigger.id].play is not None],
    ids=lambda trigger: trigger.id,
)
def test_it_is_told_soon_after_the_trouble_began(stack: Stack, troubles: Troubles, trigger: Trigger) -> None:
    """Half a minute over the rule's own time, and as much again for a machine that plays all troubles at once."""
    source = SOURCES[trigger.id]
    assert source.play is not None
    played = troubles.wait_for(source.play)
    told = wait_for(lambda: list_first_of(stack, trigger.id, source.job), 300)
    first = min(alert["came_s"] for alert in told)
    over_s = first - played.onset_s - played.minimum_s - HOLD_S
    print(f"{trigger.id}: told {first - played.onset_s:.0f} s after its onset, {over_s:.0f} s over the rule's own time")

    assert over_s < 60


def test_a_message_is_about_one_agent(stack: Stack, troubles_ended: Troubles) -> None:
    """All that is wrong with an agent, as far as it is equally grave, comes together."""
    assert list_messages(stack)
    for message in list_messages(stack):
        assert {"agent"} == set(message["groupLabels"])
        assert {message["groupLabels"]["agent"]} == {alert["labels"]["agent"] for alert in message["alerts"]}


def test_what_is_wrong_with_one_agent_comes_in_one_message(stack: Stack, troubles_ended: Troubles) -> None:
    def list_names() -> list[set[str]]:
        return [{alert["labels"]["alertname"] for alert in message["alerts"]} for message in list_messages(stack)]

    assert wait_for(lambda: [names for names in list_names() if {"ErrorRate", "ErrorRateFound"} <= names], 90)
