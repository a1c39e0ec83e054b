"""Posts findings to a URL, in the form of Alertmanager's webhooks, so that what takes those takes these."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from foretell.errors import SettingError
from foretell.watchdog.runner import Runner
from foretell.watchdog.telling import Helper

if TYPE_CHECKING:
    from foretell.model.finding import Finding

TIMEOUT_S: Final = 5.0
"""Of one request."""
PAUSES_S: Final = (0.5, 1.0, 2.0)
"""Between one attempt and the next: what is not taken after the last is given up."""
END_S: Final = 3.0
"""How long the end of the program waits for what is under way."""
NOT_OVER: Final = "0001-01-01T00:00:00Z"
"""Alertmanager's word for an end that is not known."""

Post = Callable[[bytes], int]
"""Sends a body and gives the answer's status; raises OSError where there is no answer."""


class Webhook(Helper):
    """Posts each finding as it begins and as it ends, on a thread of its own."""

    def __init__(self, post: Post, service_name: str) -> None:
        """Send with `post`, as `service_name`."""
        self._post = post
        self._service_name = service_name
        self._closing = threading.Event()
        limit_s = TIMEOUT_S * (len(PAUSES_S) + 1) + sum(PAUSES_S)
        self._runner: Runner[Finding] = Runner("webhook", "The webhook of the findings", self._send, limit_s)

    def take(self, finding: Finding) -> None:
        """Post it."""
        self._runner.put(finding)

    def attend(self) -> bool:
        """See whether it hangs."""
        return self._runner.check()

    def close(self) -> None:
        """Let what is under way arrive; what fails now is not tried again."""
        self._closing.set()
        self._runner.wait(END_S)

    def after_fork(self) -> None:
        """Start afresh."""
        self._closing = threading.Event()
        self._runner.forget()

    def _send(self, finding: Finding) -> None:
        """Try a few times; what a server refuses for good is not tried again."""
        body = json.dumps(make_body(finding, self._service_name), ensure_ascii=False, default=str).encode()
        for pause_s in (*PAUSES_S, None):
            why: object
            try:
                status = self._post(body)
                if status < 300:
                    return
                why = f"answered {status}"
                is_final = status < 500 and status != 429
            except OSError as error:
                why, is_final = error, False
            if pause_s is None or is_final or self._closing.wait(pause_s):
                raise ConnectionError(f"finding not taken: {why}")


def make_body(finding: Finding, service_name: str) -> dict[str, Any]:
    """Make the JSON of a webhook in Alertmanager's form (version 4), with one alert."""
    status = "firing" if finding.end_ns is None else "resolved"
    labels = {
        "alertname": "".join(word.capitalize() for word in finding.trigger.split("_")),
        "trigger": finding.trigger,
        "severity": finding.severity.value,
        "service_name": service_name,
    }
    if finding.agent_name is not None:
        labels["gen_ai_agent_name"] = finding.agent_name
    annotations = {
        "summary": finding.explanation,
        "description": finding.advice,
        "confidence": f"{finding.confidence:g}",
        "evidence": json.dumps(finding.evidence, ensure_ascii=False, default=str),
    }
    if finding.run_id is not None:
        annotations["run_id"] = finding.run_id
    if finding.trace_id is not None:
        annotations["trace_id"] = f"{finding.trace_id:032x}"
    fingerprint = hashlib.sha256(f"{finding.trigger}\n{finding.key}".encode()).hexdigest()[:16]
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": _to_text(finding.onset_ns),
        "endsAt": NOT_OVER if finding.end_ns is None else _to_text(finding.end_ns),
        "generatorURL": "",
        "fingerprint": fingerprint,
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{trigger="{finding.trigger}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "foretell",
        "groupLabels": {"trigger": finding.trigger},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [alert],
    }


def make_post(url: str) -> Post:
    """Make what posts to `url`; SettingError where that is no http(s) URL. A name and password in it are sent as such."""
    import base64
    from urllib.parse import unquote, urlsplit, urlunsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError("The setting 'webhook_url' must be a URL that begins with http:// or https://.")
    headers = {"Content-Type": "application/json", "User-Agent": "foretell"}
    credentials, _, host = parts.netloc.rpartition("@")
    if credentials:
        headers["Authorization"] = "Basic " + base64.b64encode(unquote(credentials).encode()).decode()
    bare_url = urlunsplit(parts._replace(netloc=host))

    def post(body: bytes) -> int:
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        from opentelemetry.instrumentation.utils import suppress_instrumentation

        request = Request(bare_url, body, headers)  # noqa: S310  # the scheme was asked above
        try:
            with suppress_instrumentation(), urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  # as above
                return int(answer.status)
        except HTTPError as refusal:
            return refusal.code

    return post


def _to_text(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
