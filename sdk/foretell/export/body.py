"""The body of a request, not yet joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SLICE_BYTES: Final = 2**20
"""What is joined at once: a bound for the memory. At each slice another thread may take the interpreter's lock away, so
that slices of 64 KB cost more than they save."""


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
