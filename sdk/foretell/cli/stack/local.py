"""What other commands want to know of a stack on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from foretell.cli.checks import NOTE, OK, Check, Reach
from foretell.stack.road.servers import COLLECTOR, PROMETHEUS, ask_health, choose_servers, is_stack_running

if TYPE_CHECKING:
    from foretell.settings import Settings
    from foretell.stack.road.http import Fetch


def find_endpoint(settings: Settings, fetch: Fetch) -> str | None:
    """Find where to send without being told: to a stack of ours that runs here, where no endpoint is set at all."""
    names = ("otlp_endpoint", "otlp_traces_endpoint", "otlp_metrics_endpoint", "otlp_logs_endpoint")
    if settings.sdk_disabled or any(getattr(settings, name) for name in names):
        return None
    return COLLECTOR.url if is_stack_running(fetch) else None


def check_stack(
    settings: Settings, reach: Reach, fetch: Fetch, clock: Callable[[], float] = time.monotonic
) -> Iterator[Check]:
    """Say in one line how the stack on this machine is; nothing where there is none, which costs one connection."""
    port = int(PROMETHEUS.url.rpartition(":")[2])
    if reach("127.0.0.1", port) is not None or not is_stack_running(fetch):
        return
    advice = "Whether data arrive in its stores: foretell status"
    if settings.otlp_endpoint is None:
        advice = f"Nothing is sent to it. Type: export OTEL_EXPORTER_OTLP_ENDPOINT={COLLECTOR.url}"
    healths = ask_health(choose_servers((), ()), fetch, clock)
    silent = [health.server.title for health in healths.values() if not health.is_well]
    well = f"{len(healths) - len(silent)} of {len(healths)} services are well"
    if silent:
        yield Check("stack", NOTE, f"It runs here, {well}; not: {', '.join(silent)}.", advice)
    else:
        yield Check("stack", OK if settings.otlp_endpoint else NOTE, f"It runs here, {well}.", advice)
