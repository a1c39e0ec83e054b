"""What the suite has found out about each framework, for the report and for the documentation."""

from __future__ import annotations

import json
from typing import Any

from tests.contracts.frameworks.contract import Contract, Sort
from tests.contracts.frameworks.environments import CACHE

RESULTS = CACHE / "results"


def note(contract: Contract, verdict: str, **facts: Any) -> None:
    """Write down what is known of a framework now; the newest counts."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    about = {"title": contract.title, "sort": contract.sort.value, "verdict": verdict, **facts}
    (RESULTS / f"{contract.name}.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def read(name: str) -> dict[str, Any] | None:
    """What was found out about a framework; None where the suite has not come to it."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return found


def report(failed: set[str]) -> list[str]:
    """A line for each framework, and the sums: what failed now is not proven, whatever was found before."""
    from tests.contracts.frameworks.table import CONTRACTS

    lines, proven = [], dict.fromkeys(Sort, 0)
    for contract in CONTRACTS:
        found = read(contract.name)
        verdict = "failed" if contract.name in failed else found["verdict"] if found else "not run"
        proven[contract.sort] += verdict == "proven"
        more = (found or {}).get("reason") or ", ".join(
            f"{n} {v}" for n, v in (found or {}).get("versions", {}).items()
        )
        lines.append(f"{contract.title:28} {contract.sort.value:16} {verdict:11} {more}")
    sums = ", ".join(f"{count} of {sort.value}" for sort, count in proven.items())
    return [*lines, f"proven: {sum(proven.values())} ({sums})"]
