"""Two agents that hand the work to each other and get nowhere."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from foretell.detectors.behaviour.loops.answers import are_similar
from foretell.detectors.behaviour.loops.signatures import UNKNOWN, VOID, sign_result

if TYPE_CHECKING:
    from foretell.model.call import Call

TEXT_CHARS: Final = 300
PATIENCE: Final = 2
"""So many times the limit where each says something new: a writer and a critic do that."""
_HANDOFF = re.compile(r"(?:transfer|hand_?off|hand_?over|delegate)(?:_|$)", re.IGNORECASE)


class Turn(NamedTuple):
    """One agent's turn."""

    agent: str
    result: int
    text: str
    span_id: int
    time_ns: int


class Handoffs:
    """The turns of a run's agents since the last tool result."""

    __slots__ = ("turns",)

    def __init__(self) -> None:
        """Begin with no turn."""
        self.turns: list[Turn] = []

    def add(self, call: Call, end_ns: int, limit: int) -> None:
        """Note the turn of an agent that ended."""
        payload = call.output_payload
        text = "" if payload is None else payload.text[:TEXT_CHARS]
        if self.turns and self.turns[-1].agent == call.name:
            self.turns.clear()
        self.turns.append(Turn(call.name, sign_result(call), text, call.span_id, end_ns))
        if len(self.turns) > 2 * PATIENCE * limit:
            del self.turns[0]

    def find_ping_pong(self, limit: int) -> list[Turn]:
        """The turns of at least `limit` round trips between two agents; empty where there are none."""
        turns = self.turns
        size = 0
        while size < len(turns) and turns[-1 - size].agent == turns[-1 - size % 2].agent:
            size += 1
        if size < 2 * limit:
            return []
        tail = turns[-size:]
        return tail if size >= 2 * PATIENCE * limit or not _has_news(tail) else []


def is_handoff(name: str) -> bool:
    """True for tools whose whole work is to pass the turn on."""
    return _HANDOFF.match(name) is not None


def _has_news(turns: list[Turn]) -> bool:
    """True where each agent says something else each time."""
    for first in (0, 1):
        said = turns[first::2]
        for one, other in itertools.pairwise(said):
            if one.result in (UNKNOWN, VOID) or one.result == other.result or are_similar(one.text, other.text):
                return False
    return True
