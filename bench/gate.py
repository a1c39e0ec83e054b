"""Fails where recording has become clearly dearer than it was, against the bare OpenTelemetry SDK in the same minutes.

`make bench-gate`. Ratios only, never seconds: machines differ, and what disturbs one variant disturbs the next. The limits
lie far above what is measured, and the best round counts, so that a busy machine does not fail.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rounds import Figures, Plan, run_rounds
from bench.run import VARIANTS

ROUNDS = 3
SCALE = 0.25


@dataclass(frozen=True)
class Limit:
    """How much of a base's CPU per span a variant may take, both over the plain function."""

    variant: str
    base: str
    caller: float
    process: float


LIMITS = (
    Limit("foretell-content", "bare", caller=0.5, process=0.6),
    Limit("foretell", "bare+content", caller=0.4, process=0.6),
    Limit("foretell+export", "bare+content", caller=0.4, process=0.75),
)


def find_excesses(rows: list[Figures], limits: tuple[Limit, ...] = LIMITS) -> list[str]:
    """What is over its limit in every round, or lost spans, in words; empty where all is well."""
    found = [f"{row['variant']}: {row['failed']}" for row in rows if "failed" in row]
    good = {(row["round"], row["variant"]): row for row in rows if "failed" not in row}
    rounds = sorted({number for number, _ in good})
    for limit in limits:
        for figure, most in (("caller_us", limit.caller), ("process_us", limit.process)):
            ratios = [ratio for number in rounds if (ratio := _ratio(good, number, limit, figure)) is not None]
            if not ratios:
                continue
            said = f"{limit.variant}: {figure[:-3]} {min(ratios):.2f} of {limit.base}, at most {most}"
            print(said)
            if min(ratios) > most:
                found.append(said)
        lost = [good[number, limit.variant]["lost"] for number in rounds if (number, limit.variant) in good]
        if any(lost):
            found.append(f"{limit.variant}: lost {max(lost)} spans")
    return found


def _ratio(rows: dict[tuple[int, str], Figures], number: int, limit: Limit, figure: str) -> float | None:
    try:
        plain = float(rows[number, "plain"][figure])
        base = float(rows[number, limit.base][figure])
        return (float(rows[number, limit.variant][figure]) - plain) / (base - plain)
    except KeyError:  # one of them failed in this round, and that is said elsewhere
        return None


def main() -> int:
    """Measure and judge; 1 where something is over its limit."""
    plan = Plan(variants=VARIANTS, rounds=ROUNDS, scale=SCALE, only=frozenset({"hot"}))
    found = find_excesses(run_rounds(plan))
    for excess in found:
        print(f"over the limit: {excess}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
