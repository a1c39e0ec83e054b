"""The outbox as the exporter uses it: what goes in, what comes out again, and when to look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from foretell.export.counts import Counts
from foretell.export.otlp.split import count_items
from foretell.export.waiting import NEVER, Body, Outbox, Request

LOOK_S: Final = 60.0
"""Between two looks for what other processes left in the outbox."""


class Shelf:
    """Keeps requests that could not be sent; without an outbox, or where it is full, they are dropped and counted."""

    def __init__(
        self,
        outbox: Outbox | None,
        counts: Counts,
        clock: Callable[[], float],
        tell: Callable[[str, Exception], None],
    ) -> None:
        """Use `outbox`, if there is one; `tell(hook, error)` hears where it fails."""
        self.is_there = outbox is not None
        self.has_own = False
        """Something of this process may wait in it."""
        self.look_s = 0.0 if outbox is not None else NEVER
        """When it is looked at again."""
        self._outbox = outbox
        self._counts = counts
        self._clock = clock
        self._tell = tell

    def put(self, request: Request, reason: str) -> None:
        """Put a request back, or in; dropped for `reason` where there is no room."""
        if request.key is not None and self._outbox is not None:
            self._outbox.give_back([request.key])
        else:
            self.keep(request.signal, request.body, request.items, reason)

    def keep(self, signal: str, body: bytes | Body, items: int, reason: str) -> bool:
        """Put a new request in; False where it is dropped."""
        try:
            if self._outbox is not None and self._outbox.put(signal, bytes(body)):
                self.look_s, self.has_own = 0.0, True
                return True
        except Exception as error:  # a full disk, say: counted as dropped, and heard of
            self._tell("export.outbox", error)
        self._counts.count("dropped", signal, reason, items)
        return False

    def take(self) -> Request | None:
        """Borrow the oldest request; None where nothing is left, and then nobody looks for a minute."""
        lent = self._outbox.take(1) if self._outbox is not None else None
        if not lent:
            self.look_later()
            self.has_own = False
            return None
        key, signal, body = lent[0]
        return Request(signal, body, count_items(body), 0, key)

    def look_later(self) -> None:
        """Leave it alone for a minute."""
        if self.is_there:
            self.look_s = self._clock() + LOOK_S

    def forget(self, request: Request) -> None:
        """Let go of a request that was sent, or never will be."""
        if request.key is not None and self._outbox is not None:
            self._outbox.done([request.key])
