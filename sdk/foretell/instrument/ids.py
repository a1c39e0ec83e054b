"""Ids that the program's own use of `random` neither repeats nor disturbs."""

from __future__ import annotations

import random
from collections.abc import Callable


class IdSource:
    """Draws trace and span ids. `seed` gives the seed: the system's entropy, or a constant in tests."""

    def __init__(self, seed: Callable[[], int] | None = None) -> None:
        """Seed from the system unless `seed` says otherwise."""
        self._seed = seed
        self._random = random.Random(self._seed() if self._seed else None)
        self.bits = self._random.getrandbits

    def reseed(self) -> None:
        """Start afresh in a forked child, which would else repeat its parent's ids."""
        self._random.seed(self._seed() if self._seed else None)
