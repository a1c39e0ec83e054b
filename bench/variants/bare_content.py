"""The bare OpenTelemetry SDK with two more attributes: arguments and result as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.variants.bare import start_bare

if TYPE_CHECKING:
    from bench.variants.recorder import Recorder


def start(endpoint: str, directory: str) -> Recorder:
    """With content."""
    return start_bare(endpoint, has_content=True)
