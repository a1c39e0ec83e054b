"""How durations, money, tokens and times read on a terminal; pure functions, no colour."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo
from typing import TYPE_CHECKING

from foretell.model.kinds import Outcome

if TYPE_CHECKING:
    from foretell.model.run import RunSummary

NOTHING = "–"
UNKNOWN = "unknown"

OUTCOME_WORDS = {
    Outcome.OPEN: "running",
    Outcome.OK: "ok",
    Outcome.ERROR: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.HALTED: "halted",
    Outcome.ABORTED: "killed",
    Outcome.TIMEOUT: "timed out",
    Outcome.THROTTLED: "throttled",
}
"""The word that people read for each outcome."""

OUTCOME_MARKS = {
    Outcome.OPEN: "…",
    Outcome.OK: "✓",
    Outcome.ERROR: "✗",
    Outcome.CANCELLED: "⊘",
    Outcome.HALTED: "■",
    Outcome.ABORTED: "✗",
    Outcome.TIMEOUT: "✗",
    Outcome.THROTTLED: "✗",
}

OUTCOME_STYLES = {
    Outcome.OPEN: "cyan",
    Outcome.OK: "green",
    Outcome.ERROR: "red",
    Outcome.CANCELLED: "yellow",
    Outcome.HALTED: "yellow",
    Outcome.ABORTED: "red",
    Outcome.TIMEOUT: "red",
    Outcome.THROTTLED: "yellow",
}


def say_outcome(run: RunSummary) -> tuple[str, str, str]:
    """Mark, word and style of how a run ended, or of how it goes on."""
    if run.paused_by is not None and run.end_ns is None:
        return "‖", f"paused ({run.paused_by})", "yellow"
    return OUTCOME_MARKS[run.outcome], OUTCOME_WORDS[run.outcome], OUTCOME_STYLES[run.outcome]


def format_duration(seconds: float | None) -> str:
    """Say how long something took in the unit that fits: `85 µs`, `12 ms`, `2.41 s`, `3 m 12 s`, `1 h 04 m`."""
    if seconds is None:
        return NOTHING
    if seconds < 0.000_999_5:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.999_5:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest_s:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} m"


def format_amount(usd: float) -> str:
    """Say an amount of US dollars without rounding small ones to nothing: `$1.25`, `$0.0123`, `$0.0000025`."""
    if usd == 0:
        return "$0"
    if abs(usd) >= 0.9995:
        return f"${usd:,.2f}"
    if abs(usd) >= 0.00995:
        return f"${usd:.4f}"
    decimals = 1
    while decimals < 12 and abs(usd) * 10**decimals < 9.95:  # two significant digits
        decimals += 1
    return f"${usd:.{max(decimals, 4)}f}"


def format_cost(usd: float | None, unpriced_calls: int = 0) -> str:
    """Say what something cost: `unknown` where no price is known, `≥ $…` where only part of it is, never a made-up 0."""
    if unpriced_calls:
        return f"≥ {format_amount(usd)}" if usd else UNKNOWN
    return NOTHING if usd is None else format_amount(usd)


def format_count(number: int) -> str:
    """Say a count in at most six characters: `1,834`, `98,765`, `184 k`, `1.8 M`."""
    if number < 100_000:
        return f"{number:,}"
    if number < 999_500:
        return f"{number / 1e3:.0f} k"
    return f"{number / 1e6:.1f} M" if number < 999_500_000 else f"{number / 1e9:.1f} G"


def count_noun(number: int, noun: str) -> str:
    """Say a number of things with the right ending: `1 call`, `3 calls`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def format_age(time_ns: int, now_ns: int) -> str:
    """Say how long ago something was: `now`, `12 s ago`, `5 m ago`, `3 h ago`, `4 d ago`."""
    seconds = (now_ns - time_ns) // 1_000_000_000
    if seconds < 1:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def format_clock(time_ns: int, zone: tzinfo | None = None) -> str:
    """Say a moment in local time (or that of `zone`): `2026-11-21 14:29:27`."""
    return (
        datetime.fromtimestamp(time_ns // 1_000_000_000, tz=timezone.utc).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    )


def format_timestamp(time_ns: int) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds, as the JSON shapes do."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06d}Z"


def printable(text: str) -> str:
    """The text without escape sequences: what a model or a web page said must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def shorten(text: str, width: int) -> str:
    """Cut a text to one line of at most `width` characters, with an ellipsis where something was left out."""
    line = printable(" ".join(text[: width * 8 + 64].split()))
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"
