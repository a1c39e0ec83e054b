"""Findings as Alertmanager's webhooks would carry them, and what is done where nobody takes them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from foretell.errors import FAULTS, SettingError
from foretell.model.finding import Finding, Severity, Verdict
from foretell.watchdog.webhook import Webhook, make_body, make_post

S = 1_000_000_000
FINDING = Finding(
    "agent_loop", "k", Severity.CRITICAL, Verdict.FIRING, 5 * S, None, "4 times.", "Look.", 0.9, {"times": 4},
    "00000000000000ab", 7, "planner",
)  # fmt: skip


class Server:
    """Answers as told, and keeps what it was given."""

    def __init__(self, *answers: int | OSError) -> None:
        self.bodies: list[dict[str, object]] = []
        self._answers = list(answers)

    def __call__(self, body: bytes) -> int:
        self.bodies.append(json.loads(body))
        answer = self._answers.pop(0) if self._answers else 200
        if isinstance(answer, OSError):
            raise answer
        return answer


def send(server, *findings):
    webhook = Webhook(server, "desk")
    for finding in findings:
        webhook.take(finding)
    webhook.close()


def test_a_finding_is_an_alert_that_fires():
    body = make_body(FINDING, "desk")
    (alert,) = body["alerts"]

    assert ("4", "firing", "firing") == (body["version"], body["status"], alert["status"])
    assert {
        "alertname": "AgentLoop",
        "trigger": "agent_loop",
        "severity": "critical",
        "service_name": "desk",
        "gen_ai_agent_name": "planner",
    } == alert["labels"]
    assert ("1970-01-01T00:00:05.000000Z", "0001-01-01T00:00:00Z") == (alert["startsAt"], alert["endsAt"])


def test_its_texts_its_run_and_its_trace_are_annotations_and_no_labels():
    notes = make_body(replace(FINDING, trace_id=9), "desk")["alerts"][0]["annotations"]

    assert {
        "summary": "4 times.",
        "description": "Look.",
        "confidence": "0.9",
        "evidence": '{"times": 4}',
        "run_id": "00000000000000ab",
        "trace_id": "00000000000000000000000000000009",
    } == notes


def test_its_end_resolves_the_same_alert():
    firing, over = make_body(FINDING, "desk"), make_body(replace(FINDING, end_ns=8 * S), "desk")

    assert ("resolved", "1970-01-01T00:00:08.000000Z") == (over["status"], over["alerts"][0]["endsAt"])
    assert firing["alerts"][0]["fingerprint"] == over["alerts"][0]["fingerprint"]


def test_each_finding_is_posted():
    server = Server()
    send(server, FINDING, replace(FINDING, end_ns=8 * S))

    assert ["firing", "resolved"] == [body["status"] for body in server.bodies]


@pytest.mark.parametrize(("answer", "why"), [(404, "answered 404"), (OSError("refused"), "refused")])
def test_what_is_not_taken_is_said_once_and_the_next_is_posted(answer, why, capsys):
    FAULTS.clear()
    server = Server(answer, answer)
    send(server, FINDING, FINDING)
    FAULTS.clear()

    assert 2 == len(server.bodies)
    assert 1 == capsys.readouterr().err.count(why)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "hooks.example.org/x", "http://"])
def test_only_http_urls_are_taken(url):
    with pytest.raises(SettingError, match="webhook_url"):
        make_post(url)
