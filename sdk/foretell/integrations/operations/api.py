"""What a client's methods take and give, as far as a record needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import ErrorFacts, InferenceFacts
    from foretell.model.kinds import Kind
    from foretell.model.payload import Captured

Request = dict[str, Any]
"""What was noted of a request: plain values that the program cannot change."""


class Gathering(Protocol):
    """What a stream's pieces add up to."""

    error: ErrorFacts | None
    """Why the answer failed, if its pieces said so."""

    def add(self, piece: Any) -> None:
        """Take what a piece adds, as it is now."""

    def join(self) -> Captured | None:
        """All of it, as a whole answer would have it; None where nothing has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One sort of request."""

    kind: Kind
    operation: str
    """The conventions' name."""
    provider: str
    contents: frozenset[str] = frozenset()
    """Arguments that are contents; empty where none are kept."""
    parameters: frozenset[str] = frozenset()
    """Arguments that are noted as they are, where they are plain."""
    further: frozenset[str] = frozenset()
    """Arguments that `note` looks at."""
    note: Callable[[Request, Mapping[str, Any]], None]
    """Notes what of `further` was given; on the caller's thread, and only where any was."""
    describe: Callable[[InferenceFacts, Request, Call | None], None]
    """Fills facts from what was noted, and takes out of it what has no word in the conventions; in the worker."""
    gather: Callable[[int], Gathering]
    """Begins to gather a stream's pieces, up to so many bytes."""
    find_error: Callable[[Any], ErrorFacts | None] | None = None
    """Why an answer failed that came without an exception."""
