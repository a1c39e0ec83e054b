"""The troubles that a request to the model server may ask for, by headers or by the name of its model.

| header | end of a model's name | what happens |
|---|---|---|
| `X-Demo-Status: 429` | `-fails-429` | the request fails with this HTTP status |
| `X-Demo-Delay-S: 2` | `-waits-2` | the answer comes so many seconds later |
| | `-drips-0.2` | each piece of a stream takes so many seconds |
| `X-Demo-Break: yes` | `-breaks` | the connection ends in the middle of a stream |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_DELAY_S = 30.0
_FAILS = re.compile(r"-fails-([45]\d\d)$")
_WAITS = re.compile(r"-waits-(\d+(?:\.\d+)?)$")
_DRIPS = re.compile(r"-drips-(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is to go wrong with one request."""

    status: int | None = None
    delay_s: float | None = None
    is_broken: bool = False
    chunk_s: float | None = None


def read_header_trouble(find: Callable[[str], str | None]) -> Trouble:
    """Read the troubles that headers, found by name, ask for; what makes no sense asks for nothing."""
    status = find("X-Demo-Status") or ""
    delay_s = _read_seconds(find("X-Demo-Delay-S"))
    return Trouble(int(status) if status.isdigit() else None, delay_s, find("X-Demo-Break") is not None)


def read_model_trouble(model: str) -> Trouble:
    """Read the trouble that a model's name asks for."""
    fails, waits, drips = _FAILS.search(model), _WAITS.search(model), _DRIPS.search(model)
    return Trouble(
        int(fails[1]) if fails else None,
        _read_seconds(waits[1]) if waits else None,
        model.endswith("-breaks"),
        _read_seconds(drips[1]) if drips else None,
    )


def _read_seconds(text: str | None) -> float | None:
    try:
        return min(max(float(text or ""), 0.0), MAX_DELAY_S)
    except ValueError:
        return None
