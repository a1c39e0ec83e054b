"""Foretell with everything on, and no contents kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.variants.foretell import start_foretell

if TYPE_CHECKING:
    from bench.variants.recorder import Recorder


def start(endpoint: str, directory: str) -> Recorder:
    """Metrics, cost, redaction, store and OTLP; inputs and outputs are not captured."""
    return start_foretell(endpoint, directory, content="none")
