"""Looks at settings, store and collector, and says what is wrong and why data may be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from foretell.cli.render.words import count_noun

if TYPE_CHECKING:
    from foretell.integrations.choosing import Choice
    from foretell.settings import Settings
    from foretell.store.health import StoreHealth

OK, NOTE, TROUBLE = "ok", "note", "trouble"

Reach = Callable[[str, int], str | None]
"""Host and port to None, or to the reason why nobody answers there."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    subject: str
    level: str
    """`ok`, `note` (worth knowing) or `trouble`."""
    text: str
    advice: str = ""


def list_checks(settings: Settings, health: StoreHealth, reach: Reach) -> list[Check]:
    """Return everything that was looked at, in the order of a call's road."""
    return [
        *check_switches(settings),
        *check_store(health),
        *check_counts(health.counts),
        *check_collector(settings, health, reach),
    ]


def check_switches(settings: Settings) -> Iterator[Check]:
    """Say which parts are switched off, since that is the commonest reason for missing data."""
    advice = "That is a setting: `foretell doctor --all` shows where it comes from."
    if settings.sdk_disabled:
        yield Check("recording", TROUBLE, "Everything is switched off (sdk_disabled).", advice)
        return
    off = [name for name in ("store", "spans", "metrics", "logs") if not getattr(settings, f"{name}_on")]
    if off:
        yield Check("recording", NOTE, f"Switched off: {', '.join(off)}.", advice)
    else:
        yield Check("recording", OK, "Calls go to the store and the metrics, and to a collector where one is set.")
    if settings.content == "none":
        yield Check(
            "content", NOTE, "Inputs and outputs are not kept (content=none), so --content shows nothing.", advice
        )
    elif settings.content == "export":
        yield Check("content", NOTE, "Inputs and outputs leave this machine with the spans, redacted (content=export).")
    if not settings.redaction:
        yield Check("redaction", TROUBLE, "Secrets and personal data are not replaced (redaction=false).", advice)
    if settings.min_duration_ms > 0:
        yield Check("recording", NOTE, f"Calls shorter than {settings.min_duration_ms:g} ms are not kept.", advice)


def check_store(health: StoreHealth) -> Iterator[Check]:
    """Say whether the store is there, sound and in use."""
    if health.blocker:
        advice = "Give another directory with FORETELL_STORE, or free this one."
        yield Check("store", TROUBLE, health.blocker, advice)
        return
    if not health.exists:
        advice = "Record something: foretell demo, or foretell run your_agent.py"
        yield Check("store", NOTE, f"There is no store at {health.file} yet.", advice)
        return
    if health.problems:
        yield from (Check("store", TROUBLE, problem) for problem in health.problems)
        return
    size_mb = (health.size_bytes + health.wal_bytes) / 1e6
    held = f"{count_noun(health.run_count, 'run')}, {count_noun(health.call_count, 'call')}, {size_mb:.1f} MB"
    yield Check("store", OK, f"{held} in {health.file}.")
    if health.alive:
        names = sorted({f"{process.service_name} ({process.pid})" for process in health.alive})
        yield Check("store", OK, f"Recording right now: {', '.join(names)}.")


def check_counts(counts: Mapping[str, int]) -> Iterator[Check]:
    """Say what was lost on the way, and how often we failed ourselves."""
    lost = {name: count for name, count in counts.items() if name.startswith("dropped") and count}
    faults = {name: count for name, count in counts.items() if name.startswith(("errors", "fault.")) and count}
    troubles: Counter[str] = Counter()
    for name, count in counts.items():
        if name.startswith("trouble.") and count:
            troubles[name.partition(" ")[0]] += count  # why an integration failed has a line of its own
    cut = sum(count for name, count in counts.items() if name.startswith("truncated"))
    if lost:
        detail = ", ".join(f"{name.partition('.')[2] or name} {count:,}" for name, count in sorted(lost.items()))
        advice = "queue_full: raise queue_max_items; rejected or full outbox: see to the collector."
        yield Check("losses", TROUBLE, f"Lost: {detail}.", advice)
    elif counts:
        yield Check("losses", OK, "Nothing was lost.")
    if cut:
        yield Check("losses", NOTE, f"{count_noun(cut, 'item')} cut short to fit the limits.")
    if faults:
        detail = ", ".join(f"{name.partition('.')[2] or name} {count:,}" for name, count in sorted(faults.items()))
        yield Check("faults", TROUBLE, f"Faults of ours, kept from your program: {detail}.", "Please report them.")
    if troubles:
        detail = ", ".join(f"{name.partition('.')[2]} {count:,}" for name, count in sorted(troubles.items()))
        advice = "Each was said once on standard error, by the program that met it."
        yield Check("troubles", NOTE, f"In the way of recording: {detail}.", advice)


def check_integrations(rows: Sequence[tuple[Choice, str]]) -> Iterator[Check]:
    """Say which installed frameworks are recorded, and why others are not."""
    on = [choice.integration.title for choice, state in rows if state == "on"]
    if on:
        yield Check("integrations", OK, f"Recorded as soon as a program imports them: {', '.join(on)}.")
    off = [choice.integration.title for choice, state in rows if state == "off"]
    if off:
        yield Check("integrations", NOTE, f"Switched off: {', '.join(off)}.", "See the settings integrations(_off).")
    for choice, _ in rows:
        for refusal in choice.refusals:
            level = NOTE if choice.candidate is not None or not refusal.is_trouble else TROUBLE
            if refusal.subject == choice.integration.title:
                level = NOTE  # it is only installed; nobody has said that it is to be recorded
            yield Check("integrations", level, f"{refusal.subject}: {refusal.reason}", refusal.advice)


def check_collector(settings: Settings, health: StoreHealth, reach: Reach) -> Iterator[Check]:
    """Say whether there is a collector, whether it answers, and what waits for it."""
    if health.outbox_count:
        waiting = f"{count_noun(health.outbox_count, 'request')} ({health.outbox_bytes / 1e3:.0f} kB)"
        yield Check("collector", NOTE, f"{waiting} could not be sent yet and wait in the store.")
    if settings.otlp_endpoint is None:
        yield Check("collector", OK, "None is set, so nothing leaves this machine (otlp_endpoint).")
        return
    address = urlsplit(settings.otlp_endpoint)
    port = address.port or (443 if address.scheme == "https" else 80)
    reason = reach(address.hostname or "", port)
    if reason is None:
        yield Check("collector", OK, f"{settings.otlp_endpoint} answers.")
    else:
        advice = "Nothing is lost: it waits in the store and is sent when the collector is back."
        yield Check("collector", TROUBLE, f"{settings.otlp_endpoint} does not answer: {reason}.", advice)


def reach_host(host: str, port: int) -> str | None:
    """Try to connect for a second; return None, or the reason why it did not work."""
    import socket

    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError as error:
        return error.strerror or str(error)
    return None
