"""Fires a trigger on purpose, by the road that every finding takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.errors import Fault
    from foretell.model.finding import Finding
    from foretell.setup.running import Running
    from foretell.triggers.trigger import Trigger
    from foretell.watchdog.telling import Herald

HOLD_S = 60.0
"""Longer than Prometheus takes to come by twice."""
FLUSH_S = 15.0
KEY = "foretell triggers test"


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of a finding that was made on purpose."""

    finding: Finding
    """As it ended."""
    is_flushed: bool
    """The store and the collector took everything."""
    has_webhook: bool
    has_collector: bool
    problems: tuple[str, ...] = ()
    """What went wrong on the way."""

    @property
    def is_out(self) -> bool:
        """True where nothing on the way refused it."""
        return self.is_flushed and not self.problems


def fire(trigger: Trigger, store: Path | None, hold_s: float | None, tell_hold: Callable[[float], object]) -> Fired:
    """Fire a trigger, hold it, and end it; `tell_hold` hears for how long, where it is held at all."""
    import foretell
    from foretell import bootstrap
    from foretell.errors import FAULTS

    foretell.init(store=store, integrations="none")
    running = bootstrap.current()
    if running is None:
        raise ForetellError("Recording is switched off here, so nobody can hear of a finding. See: foretell doctor")
    try:
        herald = _make_herald(running)
        finding = _make_finding(trigger, time.time_ns())
        herald.tell([finding], {})
        is_flushed = foretell.flush(FLUSH_S)
        has_collector = running.exporter is not None
        _hold(HOLD_S if hold_s is None and has_collector else hold_s or 0.0, tell_hold)
        ended = replace(finding, end_ns=time.time_ns())
        herald.tell([ended], {})
        herald.close()
        is_flushed = foretell.flush(FLUSH_S) and is_flushed
        has_webhook = running.settings.webhook_url is not None
        problems = (*map(_say_fault, FAULTS.list_all()), *FAULTS.troubles())
    finally:
        foretell.shutdown()
    return Fired(ended, is_flushed, has_webhook, has_collector, problems)


def _make_herald(running: Running) -> Herald:
    """Put together what tells of findings, as a process that records has it."""
    from foretell.watchdog.redacting import refine_finding
    from foretell.watchdog.telling import Helper, Herald
    from foretell.watchdog.webhook import Webhook, make_post

    redactor, settings = running.redactor, running.settings
    assert redactor is not None
    helpers: list[Helper] = []
    if settings.webhook_url is not None:
        helpers.append(Webhook(make_post(settings.webhook_url), settings.service_name))

    def publish(findings: object, records: object) -> None:
        running.worker.findings.extend(findings)  # type: ignore[arg-type]  # as the herald gives them
        for record in records:  # type: ignore[attr-defined]  # the same
            running.worker.put_log(record)

    return Herald(
        publish,
        open_calls={},
        refine=lambda finding: refine_finding(finding, redactor),
        now_ns=time.time_ns,
        helpers=helpers,
    )


def _say_fault(fault: Fault) -> str:
    return f"{fault.hook} failed: {fault.traceback.strip().splitlines()[-1]}"


def _make_finding(trigger: Trigger, now_ns: int) -> Finding:
    from foretell.model.finding import Finding, Verdict

    return Finding(
        trigger=trigger.id,
        key=KEY,
        severity=trigger.severity,
        verdict=Verdict.FIRING,
        onset_ns=now_ns,
        end_ns=None,
        explanation=f"This is a test of {trigger.id}: nothing is wrong. In earnest it would mean: {trigger.meaning}",
        advice="Nothing is to be done. Somebody typed: foretell triggers test",
        confidence=1.0,
        evidence={"is_test": True},
        agent_name=KEY,
    )


def _hold(seconds: float, tell: Callable[[float], object]) -> None:
    if seconds > 0:
        tell(seconds)
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            return
