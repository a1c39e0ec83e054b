"""The detectors, one for each trigger that is judged in the process."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from foretell.detectors.detector import Detector

DETECTORS: Final[Mapping[str, str]] = {}
"""Trigger's id → module and class, loaded when it is first needed."""


def make_detectors(limits: Mapping[str, Mapping[str, float]]) -> list[Detector]:
    """Make a fresh detector for each trigger in `limits` (id → name of a limit → value) that is judged in the process."""
    made = []
    for trigger, home in DETECTORS.items():
        if trigger in limits:
            module, _, name = home.partition(":")
            made.append(getattr(import_module(module), name)(limits[trigger]))
    return made
