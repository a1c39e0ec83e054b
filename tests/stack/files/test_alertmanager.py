"""Alertmanager's configuration: rendered from the environment, and who is told what by it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack.images import ROOT
from tests.support.native_servers import find_server

FOLDER = ROOT / "deploy" / "alertmanager"
EVERYWHERE = {
    "FORETELL_ALERT_WEBHOOK_URL": "http://host.docker.internal:9000/alerts",
    "FORETELL_ALERT_SLACK_URL": "https://hooks.slack.example/services/x",
    "FORETELL_ALERT_PAGERDUTY_KEY": "key",
    "FORETELL_ALERT_EMAIL_TO": "night@example.org",
    "FORETELL_ALERT_EMAIL_FROM": "foretell@example.org",
    "FORETELL_ALERT_SMTP_HOST": "mail.example.org:587",
    "FORETELL_ALERT_SMTP_USER": "foretell",
    "FORETELL_ALERT_SMTP_PASSWORD": 'it\'s ${HOME} & a $ \\ "sign"',
    "FORETELL_DEADMAN_URL": "https://deadman.example/ping",
    "FORETELL_JAEGER_URL": "http://127.0.0.1:16686",
}


def render(name: str, environment: dict[str, str]) -> str:
    """A file as start.sh renders it."""
    done = subprocess.run(
        ["awk", "-f", FOLDER / "render.awk", FOLDER / name],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def receivers(environment: dict[str, str]) -> dict[str, set[str]]:
    """Receiver → by what it tells."""
    spec = yaml.safe_load(render("alertmanager.yml", environment))
    return {item["name"]: set(item) - {"name"} for item in spec["receivers"]}


def test_with_nothing_set_alerts_stay_in_alertmanager() -> None:
    assert {"page": set(), "tell": set(), "note": set(), "dead-mans-switch": set()} == receivers({})


def test_a_webhook_alone_gets_everything_but_the_sign_of_life() -> None:
    only = {"webhook_configs"}
    environment = {"FORETELL_ALERT_WEBHOOK_URL": "http://h:1/"}
    assert {"page": only, "tell": only, "note": only, "dead-mans-switch": set()} == receivers(environment)


def test_pages_go_everywhere_and_milder_alerts_wake_nobody() -> None:
    expected = {
        "page": {"pagerduty_configs", "slack_configs", "webhook_configs", "email_configs"},
        "tell": {"slack_configs", "webhook_configs", "email_configs"},
        "note": {"webhook_configs"},
        "dead-mans-switch": {"webhook_configs"},
    }
    assert expected == receivers(EVERYWHERE)


def test_a_password_may_hold_anything() -> None:
    rendered: dict[str, Any] = yaml.safe_load(render("alertmanager.yml", EVERYWHERE))
    assert EVERYWHERE["FORETELL_ALERT_SMTP_PASSWORD"] == rendered["global"]["smtp_auth_password"]


def test_mail_without_a_server_is_refused_with_what_to_set() -> None:
    done = subprocess.run(
        ["sh", FOLDER / "start.sh"],
        env={"PATH": os.environ["PATH"], "FORETELL_ALERT_EMAIL_TO": "a@b.example"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == done.returncode
    assert "Set FORETELL_ALERT_SMTP_HOST=host:port" in done.stderr


def test_a_page_is_never_held_back_by_less() -> None:
    """Nothing but a page may silence what is critical: each such rule names triggers that never page, or a severity."""
    paging = {"agent_down", "deadlock", "cpu_spin", "event_loop_blocked", "agent_loop"}
    for rule in yaml.safe_load(render("alertmanager.yml", {}))["inhibit_rules"]:
        (source,) = rule["source_matchers"]
        targets = " ".join(rule["target_matchers"])
        is_mild = not any(word in source for word in ("critical", "AgentDown", *paging))
        assert not is_mild or not {"error_rate", "agent_blocked", "memory_growth", "critical", *paging} & set(
            targets.replace('"', " ").replace("|", " ").split()
        )


def test_every_inhibition_stays_with_its_agent() -> None:
    """Without `equal`, one agent's trouble would silence all others."""
    rules = yaml.safe_load(render("alertmanager.yml", {}))["inhibit_rules"]
    assert [] == [rule for rule in rules if "agent" not in rule.get("equal", ())]


@pytest.fixture(scope="module")
def amtool() -> Path:
    found = find_server("amtool")
    if found is None:
        pytest.skip("amtool is not built. Type: tools/servers.sh amtool (it needs Go)")
    return found


def write(folder: Path, environment: dict[str, str]) -> Path:
    """The rendered configuration and its template, in a folder."""
    (folder / "foretell.tmpl").write_text(render("templates/foretell.tmpl", environment), "utf-8")
    config = folder / "alertmanager.yml"
    config.write_text(render("alertmanager.yml", environment).replace("/run/alertmanager", str(folder)), "utf-8")
    return config


@pytest.mark.parametrize("environment", [{}, EVERYWHERE], ids=["nothing set", "all set"])
def test_alertmanager_s_own_checker_takes_it(amtool: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [amtool, "check-config", write(tmp_path, environment)], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "AgentLoop", "severity": "critical", "agent": "a"}, "page"),
        ({"alertname": "SlowResponse", "severity": "warning", "agent": "a"}, "tell"),
        ({"alertname": "SlowResponseOpenRun", "severity": "info", "agent": "a"}, "note"),
        ({"alertname": "DeadMansSwitch", "severity": "info", "agent": "fleet"}, "dead-mans-switch"),
        ({"alertname": "SomebodyElses"}, "note"),
    ],
)
def test_alerts_reach_their_receivers(amtool: Path, tmp_path: Path, labels: dict[str, str], receiver: str) -> None:
    words = [f"{name}={value}" for name, value in labels.items()]
    done = subprocess.run(
        [amtool, "config", "routes", "test", f"--config.file={write(tmp_path, {})}", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, receiver) == (done.returncode, done.stdout.strip()), done.stderr


def list_alerts() -> list[tuple[str, str]]:
    """Each alert of ours, with its severity."""
    files = sorted((ROOT / "deploy" / "prometheus").rglob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text("utf-8")).get("groups") or ()]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return [(rule["alert"], rule["labels"]["severity"]) for rule in rules]


@pytest.mark.slow
def test_every_alert_of_ours_goes_where_its_severity_says(amtool: Path, tmp_path: Path) -> None:
    config, alerts = write(tmp_path, {}), list_alerts()
    expected = {"critical": "page", "warning": "tell", "info": "note"}
    assert len(alerts) > 40

    for name, severity in alerts:
        command = [amtool, "config", "routes", "test", f"--config.file={config}", f"alertname={name}"]
        done = subprocess.run([*command, f"severity={severity}"], capture_output=True, text=True, check=True)
        receiver = "dead-mans-switch" if name == "DeadMansSwitch" else expected[severity]
        assert (name, receiver) == (name, done.stdout.strip())


def test_a_message_says_what_it_means_what_to_do_and_where_to_look(amtool: Path, tmp_path: Path) -> None:
    write(tmp_path, EVERYWHERE)
    alert = {
        "status": "firing",
        "labels": {"job": "shop/desk", "agent": "clerk", "gen_ai_agent_name": "clerk", "severity": "critical"},
        "annotations": {
            "summary": "clerk: repeats a step",
            "description": "It learns nothing new.",
            "runbook_url": "http://127.0.0.1:10201/d/runbook-agent_loop",
            "dashboard_url": "http://127.0.0.1:10201/d/foretell-triggers",
        },
        "startsAt": "2026-01-02T03:04:05Z",
    }
    data = {"status": "firing", "alerts": [alert], "commonLabels": alert["labels"]}
    said = render_template(amtool, tmp_path, data, "foretell.text")
    assert "clerk: repeats a step\nIt learns nothing new.\nSince 2026-01-02 03:04:05 UTC\n" in said
    assert "What to do: http://127.0.0.1:10201/d/runbook-agent_loop\n" in said
    assert "Dashboard: http://127.0.0.1:10201/d/foretell-triggers\n" in said
    traces = "http://127.0.0.1:16686/search?lookback=1h&limit=20&service=desk"
    assert f"Traces: {traces}&tags=%7B%22gen_ai.agent.name%22%3A%22clerk%22%7D" in said


def test_traces_are_looked_for_where_your_jaeger_is(amtool: Path, tmp_path: Path) -> None:
    """The rules name the stack's own."""
    write(tmp_path, {**EVERYWHERE, "FORETELL_JAEGER_URL": "https://jaeger.example"})
    alert = {"labels": {}, "annotations": {"trace_url": "http://127.0.0.1:16686/search?service=desk"}}
    said = render_template(amtool, tmp_path, {"status": "firing", "alerts": [alert]}, "foretell.traces")
    assert "https://jaeger.example/search?service=desk" == said.strip()


def render_template(amtool: Path, folder: Path, data: dict[str, Any], name: str) -> str:
    """What a template makes of the alerts."""
    (folder / "data.json").write_text(json.dumps(data), "utf-8")
    done = subprocess.run(
        [
            amtool, "template", "render", f"--template.glob={folder / 'foretell.tmpl'}",
            f"--template.data={folder / 'data.json'}", f'--template.text={{{{ template "{name}" . }}}}',
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return done.stdout
