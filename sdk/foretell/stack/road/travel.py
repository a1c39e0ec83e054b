"""Sends the probe and watches where it arrives, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from foretell.stack.road.http import Fetch, Reply
from foretell.stack.road.probe import STORES, Probe, has_arrived, make_question
from foretell.stack.road.servers import COLLECTOR, Health

LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of the probe on its way to one store."""

    store: str
    signal: str
    took_s: float | None
    """None where it has not arrived."""
    text: str = ""
    """Why not."""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, and how to let it pass."""

    now_ns: Callable[[], int] = time.time_ns
    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything that is known of one probe."""

    sent: Mapping[str, Reply]
    """The collector's answer to each signal."""
    took_s: Mapping[str, float]
    """Store → after how long the probe was found there."""
    stores: tuple[str, ...]
    """All that were looked at."""


def send_probe(healths: Mapping[str, Health], fetch: Fetch, clock: Clock, wait_s: float) -> Journey:
    """Send all three signals, then look into each store that answers until all are there or the time is up."""
    probe = Probe(clock.now_ns())
    begun_s = clock.monotonic_s()
    collector = healths[COLLECTOR.name].server
    sent = {signal: fetch(f"{collector.url}/v1/{signal}", body) for signal, body in probe.bodies().items()}
    stores = tuple(store for store in STORES if store in healths)
    missing = [store for store in stores if healths[store].is_well and is_taken(sent[STORES[store]])]
    took_s: dict[str, float] = {}
    while missing:
        for store in list(missing):
            if has_arrived(store, fetch(healths[store].server.url + make_question(store, probe), None)):
                took_s[store] = clock.monotonic_s() - begun_s
                missing.remove(store)
        if not missing or clock.monotonic_s() - begun_s >= wait_s:
            break
        clock.sleep(LOOK_EVERY_S)
    return Journey(sent, took_s, stores)


def is_taken(reply: Reply) -> bool:
    """Say whether the collector took what it was given, whole."""
    body = reply.read() if reply.is_good else None
    part = body.get("partialSuccess") or {} if isinstance(body, dict) else {}
    rejected = (count for name, count in part.items() if name.startswith("rejected"))
    return reply.is_good and all(str(count) == "0" for count in rejected)
