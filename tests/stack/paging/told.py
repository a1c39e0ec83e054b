"""What the webhook was told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from foretell.triggers.alerts import name_alert
from tests.stack.runner import Stack

Alert = dict[str, Any]


def list_alerts(stack: Stack, status: str = "firing", **labels: str) -> list[Alert]:
    """The alerts with these labels that it was told, each with the time at which the message came."""
    return [alert for alert in _walk(stack) if alert["status"] == status and labels.items() <= alert["labels"].items()]


def list_messages(stack: Stack, path: str = "/") -> list[dict[str, Any]]:
    """The messages that came to that address."""
    return [message for message in list(stack.told) if message["path"] == path]


def list_first_of(stack: Stack, trigger_id: str, job: str) -> list[Alert]:
    """The alerts that bear a trigger's name: by the fleet's rule, and by the detector in the process."""
    name = name_alert(trigger_id)
    return [alert for each in (name, f"{name}Found") for alert in list_alerts(stack, alertname=each, job=job)]


def _walk(stack: Stack) -> Iterator[Alert]:
    for message in list_messages(stack):
        for alert in message["alerts"]:
            yield {**alert, "came_s": message["came_s"]}
