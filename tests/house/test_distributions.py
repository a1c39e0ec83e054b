"""A fresh install brings few distributions."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement

MAX_DISTRIBUTIONS = 40


def walk(name: str, extras: frozenset[str], seen: set[str]) -> set[str]:
    """Every distribution that an install of `name` brings to this interpreter, itself included."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    key = f"{name}[{','.join(sorted(extras))}]"
    if key in seen:
        return set()
    seen.add(key)
    found = {name}
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return found  # brought by an extra that is not installed here; it still counts as one
    for requirement in map(Requirement, lines):
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in (extras or {""})
        ):
            found |= walk(requirement.name, frozenset(requirement.extras), seen)
    return found


def test_a_plain_install_brings_at_most_forty_distributions() -> None:
    """Without extras; each one more is one more that can break an install."""
    found = walk("foretell", frozenset(), set())

    assert {"foretell", "opentelemetry-sdk", "rich"} <= found
    assert MAX_DISTRIBUTIONS >= len(found), sorted(found)
