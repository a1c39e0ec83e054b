"""An episode: what a process showed over some time, and what was wrong in it, if anything was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Seen(str, Enum):
    """What kind of thing a detector gets to see."""

    OPEN = "open"
    ENDED = "ended"
    PROCESS = "process"
    STACKS = "stacks"
    LOOP = "loop"
    WAITS = "waits"
    TELEMETRY = "telemetry"
    LOOK = "look"
    """Nothing new: the watchdog looks because it is time."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing at one time."""

    at_ns: int
    seen: Seen
    what: Any = None
    """A call or a sample."""
    ending: dict[str, Any] | None = None
    """Of a call that ended: the facts that it has from now on."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What really is wrong, in seconds since the episode began."""

    onset_s: float
    end_s: float
    minimum_s: float = 0.0
    """How long after its onset the rule itself can speak at the earliest: a hold, a window, the evidence it asks for."""
    is_exempt: bool = False
    """Nobody can notice within a second what holds the interpreter: it is reported when it returns."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Moments in order of time, and the truth; None where nothing is wrong."""

    trigger: str
    story: str
    number: int
    begin_ns: int
    moments: Sequence[Moment]
    truth: Truth | None

    @property
    def duration_s(self) -> float:
        """How long it goes on."""
        return (self.moments[-1].at_ns - self.begin_ns) / 1e9 if self.moments else 0.0
