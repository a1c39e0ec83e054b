"""What the webhook was told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.stack.runner import Stack

Alert = dict[str, Any]


def list_alerts(stack: Stack, status: str = "firing", **labels: str) -> list[Alert]:
    """The alerts with these labels that it was told, each with the time at which the message came."""
    return [alert for alert in _walk(stack) if alert["status"] == status and labels.items() <= alert["labels"].items()]


def _walk(stack: Stack) -> Iterator[Alert]:
    for message in list(stack.told):
        for alert in message["alerts"]:
            yield {**alert, "came_s": message["came_s"]}
