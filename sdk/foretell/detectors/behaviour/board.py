"""What detectors over calls share: what is to be said, and states by key with a bound."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from foretell.detectors.judgement import Judgement
    from foretell.model.call import Call

OPEN_RUNS: Final = 10_000
"""So many runs are watched at once; the one that did nothing for longest is forgotten first."""
UNKNOWN_KEYS: Final = 64
"""So many keys are said to be unknown; more would say nothing new."""
LATE_LIMIT: Final = 1_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Board:
    """What a detector has to say: what fires, what fired and ended before anybody asked, what cannot be told."""

    __slots__ = ("_firing", "_late", "_said", "_unknown")

    def __init__(self) -> None:
        """Begin with nothing to say."""
        self._firing: dict[str, Judgement] = {}
        self._late: dict[str, Judgement] = {}
        self._said: set[str] = set()
        self._unknown: dict[str, Judgement] = {}

    def fire(self, judgement: Judgement) -> None:
        """Say that this fires, until it is cleared."""
        self._firing[judgement.key] = judgement

    def clear(self, key: str) -> None:
        """Say it no more. What nobody has heard yet is still said once."""
        judgement = self._firing.pop(key, None)
        if judgement is None:
            return
        if key in self._said:
            self._said.discard(key)
        elif len(self._late) < LATE_LIMIT:
            self._late[key] = judgement

    def tell_late(self, judgement: Judgement) -> None:
        """Say once what was over when it was seen."""
        if len(self._late) < LATE_LIMIT:
            self._late[judgement.key] = judgement

    def doubt(self, judgement: Judgement) -> None:
        """Say that this cannot be told, until it is known."""
        if judgement.key in self._unknown or not self.is_unknown(judgement.key):
            self._unknown[judgement.key] = judgement

    def is_unknown(self, key: str) -> bool:
        """True from `doubt` to `settle`; always, once so many keys are unknown that one more says nothing new."""
        return key in self._unknown or len(self._unknown) >= UNKNOWN_KEYS

    def settle(self, key: str) -> None:
        """Take back that this cannot be told."""
        if self._unknown:
            self._unknown.pop(key, None)

    def find(self, key: str) -> Judgement | None:
        """What fires under this key; None where nothing does."""
        return self._firing.get(key)

    @property
    def is_blank(self) -> bool:
        """True while there is nothing to clear and nothing to settle."""
        return not self._firing and not self._unknown

    @property
    def firing_count(self) -> int:
        """How many keys fire."""
        return len(self._firing)

    def report(self) -> Iterable[Judgement]:
        """Everything that is to be said now."""
        if not (self._firing or self._late or self._unknown):
            return ()
        late = [judgement for key, judgement in self._late.items() if key not in self._firing]
        self._late = {}
        self._said.update(self._firing)
        return [*late, *self._firing.values(), *self._unknown.values()]


class Table(Generic[K, V]):
    """States by key, at most `limit` of them: the one that was touched least lately goes first."""

    __slots__ = ("_drop", "_limit", "_make", "states")

    def __init__(self, make: Callable[[], V], drop: Callable[[K, V], None], limit: int = OPEN_RUNS) -> None:
        """`drop` hears of a state that had to go."""
        self._make = make
        self._drop = drop
        self._limit = limit
        self.states: dict[K, V] = {}

    def touch(self, key: K) -> V:
        """Return the state, a fresh one where there is none."""
        states = self.states
        state = states.get(key)
        if state is None:
            state = states[key] = self._make()
            if len(states) > self._limit:
                oldest = next(iter(states))
                self._drop(oldest, states.pop(oldest))
        elif len(states) > self._limit // 2:
            # Far from the bound nothing has to go, and the order in which things were touched is of no use.
            states[key] = states.pop(key)
        return state

    def pop(self, key: K) -> V | None:
        """Forget a state and return it."""
        return self.states.pop(key, None)


def hex_id(span_id: int) -> str:
    """A call's id as evidence shows it."""
    return f"{span_id & 0xFFFFFFFFFFFFFFFF:016x}"


def join_key(run_id: str, name: str | None) -> str:
    """The key of an agent inside a run."""
    return run_id if name is None else f"{run_id}/{name}"


def end_of(call: Call) -> int:
    """When the call ended, or began where its end is not known."""
    return call.end_ns if call.end_ns is not None else call.start_ns
