"""Which servers are asked, where, and that the table of them is that of docker-compose.yml."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from foretell.errors import ForetellError
from foretell.stack.compose import ALL_PROFILES
from foretell.stack.road.http import Reply
from foretell.stack.road.probe import STORES
from foretell.stack.road.reasons import EXPORTERS
from foretell.stack.road.servers import OUR_ALERT, SERVERS, ask_health, choose_servers, is_stack_running
from tests.unit.stack.road.servers_on_stage import Stage

ROOT = Path(__file__).parents[4]


def load(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_every_server_is_where_the_compose_file_publishes_it():
    services = load("docker-compose.yml")["services"]
    for server in SERVERS:
        parts = urlsplit(server.url)
        hosts = [f"{host}:{port}" for host, port, _ in (one.split(":") for one in services[server.name]["ports"])]
        assert parts.netloc in hosts


def test_every_service_with_a_port_is_asked():
    services = load("docker-compose.yml")["services"]

    assert {name for name, service in services.items() if "ports" in service} == {server.name for server in SERVERS}


def test_what_runs_beside_other_stores_is_what_that_overlay_leaves_on():
    off = {
        name
        for name, one in load("deploy/compose/beside.yml")["services"].items()
        if "yours" in one.get("profiles", ())
    }

    assert {server.name for server in SERVERS} - off == {server.name for server in SERVERS if server.is_ours}


def test_every_profile_is_stopped_too():
    files = [ROOT / "docker-compose.yml", *(ROOT / "deploy/compose").glob("*.yml")]
    services = [service for file in files for service in load(file)["services"].values()]

    assert set(ALL_PROFILES) == {profile for service in services for profile in service.get("profiles", ())}


def test_the_collector_s_exporters_are_called_as_the_reasons_call_them():
    assert set(EXPORTERS.values()) == set(load("deploy/otel-collector/config.yaml")["exporters"])
    assert set(STORES) == set(EXPORTERS)


def test_servers_can_be_elsewhere_or_left_out():
    chosen = choose_servers(["jaeger=http://there:1/"], ["tempo", "grafana"])
    urls = {server.name: server.url for server in chosen}

    assert "http://there:1" == urls["jaeger"]
    assert {"tempo", "grafana"} == {server.name for server in SERVERS} - urls.keys()


def test_beside_other_stores_ours_are_asked_and_those_whose_address_is_given():
    chosen = choose_servers(["tempo=http://there:3200"], (), is_beside=True)

    assert ["otel-collector", "tempo", "prometheus", "alertmanager"] == [server.name for server in chosen]


@pytest.mark.parametrize(
    ("at", "without", "told"),
    [
        (["jaeger"], (), "reads like jaeger=http://127.0.0.1:16686"),
        (["jaeger=there:16686"], (), "reads like jaeger="),
        (["jeager=http://there"], (), "Did you mean jaeger?"),
        ((), ["graphana"], "Did you mean grafana?"),
        ((), ["otel-collector"], "everything goes through it"),
    ],
)
def test_what_makes_no_sense_is_refused(at, without, told):
    with pytest.raises(ForetellError, match=told.replace("?", r"\?")):
        choose_servers(at, without)


def test_health_is_what_each_says_itself():
    stage = Stage()
    stage.down = {"loki"}
    healths = ask_health(choose_servers((), ()), stage.fetch, lambda: 0.0)

    assert {"loki"} == {name for name, health in healths.items() if not health.is_well}
    assert "connection refused" == str(healths["loki"].reply)


@pytest.mark.parametrize(
    ("rules", "down", "expected"),
    [
        ('{"data":{"groups":[{"rules":[{"name":"AgentLoop"}]}]}}', set(), True),
        ('{"data":{"groups":[]}}', set(), False),
        ('{"data":{"groups":[{"rules":[{"name":"AgentLoop"}]}]}}', {"otel-collector"}, False),
    ],
)
def test_only_a_stack_of_ours_is_taken_for_one(rules, down, expected):
    """A collector alone may be anybody's, and send who knows where."""
    stage = Stage()
    stage.down = down

    def fetch(url, body):
        reply = stage.fetch(url, body)
        return Reply(200, rules) if "/api/v1/rules" in url else reply

    assert expected == is_stack_running(fetch)


def test_the_alert_by_which_a_stack_is_known_is_one_of_its_rules():
    rules = [rule for group in load("deploy/prometheus/rules/triggers.yml")["groups"] for rule in group["rules"]]

    assert OUR_ALERT in {rule.get("alert") for rule in rules}
