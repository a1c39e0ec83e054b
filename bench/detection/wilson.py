"""Statistics of a report: intervals of shares, and where a list of times lies."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.96


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval (Wilson) of a share of which `count` in `total` were seen."""
    if total == 0:
        return 0.0, 1.0
    share = count / total
    middle = share + Z * Z / (2 * total)
    spread = Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    scale = 1 + Z * Z / total
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the others does not pass (nearest rank); 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else 0.0
