"""The watchdog: its detectors, what it looks with, and what is done about what it finds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from foretell.errors import SettingError
from foretell.setup.observing import Budgets
from foretell.triggers.limits import read_effective_limits

if TYPE_CHECKING:
    from foretell.cost.prices import PriceBook
    from foretell.detectors.detector import Detector
    from foretell.model.call import Call
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord
    from foretell.settings import Settings
    from foretell.setup.running import Running
    from foretell.watchdog.clock import SteadyClock
    from foretell.watchdog.probes.process import ProcessProbe
    from foretell.watchdog.telling import Helper


def build_watchdog(running: Running, open_calls: Mapping[int, Call], probe: ProcessProbe, prices: PriceBook) -> None:
    """Put detectors, looks and actions together; an unknown trigger or limit raises SettingError."""
    check_actions(running.settings)
    limits = read_effective_limits(running.settings)
    running.observers.append(Budgets(limits["cost_burn"], running.store).observe)
    if not running.settings.watchdog_on:
        return
    from foretell.detectors.line_up import make_detectors
    from foretell.setup.looking import Looks
    from foretell.watchdog.clock import SteadyClock
    from foretell.watchdog.engine import Watchdog
    from foretell.watchdog.redacting import refine_finding
    from foretell.watchdog.telling import Herald

    redactor = running.redactor
    assert redactor is not None
    clock = SteadyClock(time.time_ns, time.perf_counter_ns)
    looks = Looks(running, open_calls, probe)
    running.observers.append(looks.pulses.observe)

    def publish(findings: Sequence[Finding], records: Sequence[LogRecord]) -> None:
        running.worker.findings.extend(findings)
        for record in records:
            running.worker.put_log(record)

    herald = Herald(
        publish,
        open_calls=open_calls,
        refine=lambda finding: refine_finding(finding, redactor),
        now_ns=clock.now_ns,
        helpers=[*_make_helpers(running, open_calls, clock), looks],
    )
    watched = {name: values for name, values in limits.items() if running.settings.actions.get(name) != "off"}

    def make() -> Iterable[Detector]:
        return make_detectors(watched, context_window=prices.context_window)

    running.watchdog = Watchdog(make, looks.list_all(), herald, clock, open_calls, running.counts)


def check_actions(settings: Settings) -> None:
    """Refuse actions of triggers that do not exist, or that are judged where no action can be."""
    from foretell.triggers.catalogue import find_trigger
    from foretell.triggers.trigger import Where

    for name, action in settings.actions.items():
        trigger = find_trigger(name)
        if trigger.where is Where.FLEET and action != "off":
            raise SettingError(
                f"The trigger {name!r} is judged by Prometheus alone, where no run can be reached: "
                f"it takes no action {action!r}."
            )


def _make_helpers(running: Running, open_calls: Mapping[int, Call], clock: SteadyClock) -> list[Helper]:
    from foretell.instrument.gates.gate import Gates
    from foretell.setup.holding import Holding
    from foretell.watchdog.announcing import Announcer
    from foretell.watchdog.callbacks import Callbacks

    settings, redactor = running.settings, running.redactor
    assert redactor is not None
    halts = settings.pause_then == "halt"
    running.gates = Gates(open_calls, pause_limit_s=settings.pause_limit_s, halts_after_pause=halts)
    callbacks = Callbacks(
        open_calls=open_calls,
        clean=lambda text: redactor.redact_text(text)[0],
        now_ns=clock.now_ns,
        limit_s=settings.callback_limit_s,
    )
    helpers: list[Helper] = [Holding(running, running.gates), callbacks, Announcer()]
    if settings.webhook_url is not None:
        from foretell.watchdog.webhook import Webhook, make_post

        helpers.append(Webhook(make_post(settings.webhook_url), settings.service_name))
    return helpers
