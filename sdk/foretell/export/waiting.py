"""What waits to be sent: items by signal, bounded, made into requests when they are due. Used under the exporter's lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from foretell.export.endpoints import BatchLimits
from foretell.export.otlp.wire import list_resource, list_scope

BATCH_BYTES: Final = 2 * 2**20
"""Past so much a request is full: larger ones save nothing more, and receivers of gRPC take 4 MB."""
SLICE_BYTES: Final = 2**20
"""What is joined at once: a bound for the memory. At each slice another thread may take the interpreter's lock away, so
that slices of 64 KB cost more than they save."""
NEVER: Final = float("inf")


class Outbox(Protocol):
    """Keeps on disk what could not be sent, over the end of the process too. Used by more than one thread."""

    def put(self, signal: str, body: bytes) -> bool:
        """Keep a whole request; False where there is no room."""

    def take(self, limit: int) -> list[tuple[int, str, bytes]]:
        """Lend the oldest requests that no other process is sending: (key, signal, body)."""

    def give_back(self, keys: Sequence[int]) -> None:
        """Keep requests that could not be sent."""

    def done(self, keys: Sequence[int]) -> None:
        """Forget requests that were sent, or never will be."""


@dataclass(slots=True)
class Pieces:
    """Encoded items (fields of a scope), not yet joined: contents are long, and are copied once, as they are sent."""

    pieces: list[bytes]
    size: int
    """Bytes of all of them."""

    @classmethod
    def of(cls, *items: bytes) -> Pieces:
        """Items in one piece each."""
        return cls(list(items), sum(map(len, items)))


class Body:
    """A request in pieces. Whoever sends it goes over it, slice by slice; `bytes(body)` takes memory for all of it."""

    __slots__ = ("_pieces", "_size")

    def __init__(self, pieces: list[bytes], size: int) -> None:
        """Hold pieces, which have that size together."""
        self._pieces = pieces
        self._size = size

    def __len__(self) -> int:
        """Bytes of all of it."""
        return self._size

    def __bytes__(self) -> bytes:
        """All of it in one piece."""
        return b"".join(self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        """Slices of `SLICE_BYTES` or a piece more, as often as asked for."""
        pieces = self._pieces
        start = size = 0
        for end, piece in enumerate(pieces, 1):
            size += len(piece)
            if size >= SLICE_BYTES:
                yield b"".join(pieces[start:end])
                start, size = end, 0
        if start < len(pieces):
            yield b"".join(pieces[start:])


@dataclass(frozen=True, slots=True)
class Request:
    """A whole export request."""

    signal: str
    body: bytes | Body
    items: int
    held: int
    """Bytes of the buffer that are free when it is done."""
    key: int | None = None
    """Of the outbox."""


@dataclass(slots=True)
class _Queue:
    """Items of one signal, not yet a request."""

    parts: deque[tuple[Pieces, int, bytes]] = field(default_factory=deque)
    """Items, how many, and the scope they belong to (b"" for our own)."""
    items: int = 0
    size: int = 0
    due_s: float = NEVER


class Waiting:
    """Items and requests in the order in which they came. What is being sent counts too, until `free`."""

    def __init__(self, signals: Iterable[str], limits: BatchLimits, clock: Callable[[], float]) -> None:
        """Hold at most what `limits` allow; items become due by themselves when they are as old as they say."""
        self._limits = limits
        self._clock = clock
        self._queues = {signal: _Queue() for signal in signals}
        self._requests: deque[Request] = deque()
        self._held_bytes = self._held_items = 0
        self.resource = self.scope = b""
        """Put around items when they become a request."""

    def __bool__(self) -> bool:
        """True while anything waits or is being sent."""
        return self._held_items > 0 or self._held_bytes > 0

    def takes(self, signal: str) -> bool:
        """Say whether items of this signal are taken."""
        return signal in self._queues

    def has_room(self, size: int, items: int) -> bool:
        """Say whether so much more may wait."""
        return self._held_bytes + size <= self._limits.max_bytes and self._held_items + items <= self._limits.max_items

    def add(self, signal: str, part: Pieces, items: int, scope: bytes) -> bool:
        """Take items; True where that makes somebody look who sleeps."""
        queue = self._queues[signal]
        is_first = not queue.parts
        self._held_bytes += part.size
        self._held_items += items
        queue.parts.append((part, items, scope))
        queue.items += items
        queue.size += part.size
        if is_first:
            queue.due_s = self._clock() + self._limits.age_s
        return is_first or self._is_full(queue)

    def add_request(self, signal: str, body: bytes, items: int) -> None:
        """Take a whole request; it is due at once."""
        self._held_bytes += len(body)
        self._held_items += items
        self._requests.append(Request(signal, body, items, len(body)))

    def hurry(self, due_s: float) -> bool:
        """Let all items be due then at the latest; True where that is sooner than it was."""
        later = [queue for queue in self._queues.values() if queue.parts and queue.due_s > due_s]
        for queue in later:
            queue.due_s = due_s
        return bool(later)

    def pop_due(self) -> Request | None:
        """Hand out the next request that is due."""
        if self._requests:
            return self._requests.popleft()
        now_s = self._clock()
        for signal, queue in self._queues.items():
            if queue.parts and (queue.due_s <= now_s or self._is_full(queue)):
                return self._take_batch(signal, queue)
        return None

    def next_due_s(self) -> float:
        """When items are due next."""
        return min((queue.due_s for queue in self._queues.values()), default=NEVER)

    def free(self, request: Request) -> None:
        """It is sent, kept elsewhere or lost: its room is free."""
        self._held_bytes -= request.held
        self._held_items -= request.items

    def pop_all(self) -> list[Request]:
        """Hand out everything, due or not; all room is free."""
        self._make_requests()
        left = list(self._requests)
        self._requests.clear()
        self._held_bytes = self._held_items = 0
        return left

    def _make_requests(self) -> None:
        """Make requests of all items."""
        for signal, queue in self._queues.items():
            while queue.parts:
                self._requests.append(self._take_batch(signal, queue))

    def retire(self) -> None:
        """Take no more items."""
        self._make_requests()
        self._queues = {}

    def wrap(self, parts: Mapping[bytes, Pieces]) -> Body:
        """Items by scope as the body of a request."""
        scopes = [list_scope(scope or self.scope, items.pieces, items.size) for scope, items in parts.items()]
        return Body(*list_resource(self.resource, scopes))

    def _is_full(self, queue: _Queue) -> bool:
        return queue.items >= self._limits.batch_items or queue.size >= BATCH_BYTES

    def _take_batch(self, signal: str, queue: _Queue) -> Request:
        parts: dict[bytes, Pieces] = {}
        items = size = 0
        while queue.parts and items < self._limits.batch_items and size < BATCH_BYTES:
            part, n, scope = queue.parts.popleft()
            whole = parts.setdefault(scope, Pieces([], 0))
            whole.pieces += part.pieces
            whole.size += part.size
            items += n
            size += part.size
        queue.items -= items
        queue.size -= size
        if not queue.parts:
            queue.due_s = NEVER
        return Request(signal, self.wrap(parts), items, size)
