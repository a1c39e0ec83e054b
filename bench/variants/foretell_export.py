"""Foretell with everything on, content on the wire as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.variants.foretell import start_foretell

if TYPE_CHECKING:
    from bench.variants.recorder import Recorder


def start(endpoint: str, directory: str) -> Recorder:
    """With content."""
    return start_foretell(endpoint, directory, content="export")
