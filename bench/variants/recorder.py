"""What a variant gives to the measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.workload import Wrap


def do_nothing() -> None:
    """For variants that have nothing to flush."""


@dataclass(frozen=True)
class Recorder:
    """A started SDK."""

    wrap: Wrap
    """Records a function."""
    flush: Callable[[], object] = do_nothing
    """Sends all that has ended."""
    stop: Callable[[], object] = do_nothing
