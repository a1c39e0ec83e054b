"""A client's stream behind our proxy: told of as it is read, ended when it is closed, and otherwise itself."""

from __future__ import annotations

import asyncio

import pytest

from foretell.integrations.wrapping.streams import RecordedStream


class Told:
    """What a call hears of its stream."""

    def __init__(self):
        self.heard = []

    def chunk(self, piece):
        self.heard.append(piece)

    def finish(self, result=None):
        self.heard.append("finished")

    def fail(self, error):
        self.heard.append(type(error).__name__)


class Pieces:
    """A stream as clients have them."""

    url = "http://model"

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.is_closed = False

    def __next__(self):
        if not self.pieces:
            raise StopIteration
        if self.pieces[0] == "broken":
            raise ConnectionError
        return self.pieces.pop(0)

    def close(self):
        self.is_closed = True
        return "closed"


class LaterPieces(Pieces):
    async def __anext__(self):
        return next(self)

    async def aclose(self):
        return self.close()


@pytest.fixture
def told():
    return Told()


def test_what_is_read_is_told(told):
    assert ["a", "b"] == list(RecordedStream(Pieces("a", "b"), told))
    assert ["a", "b", "finished"] == told.heard


def test_a_stream_that_breaks_has_failed(told):
    with pytest.raises(ConnectionError):
        list(RecordedStream(Pieces("a", "broken"), told))

    assert ["a", "ConnectionError"] == told.heard


def test_closing_ends_the_call_though_the_program_still_holds_the_stream(told):
    pieces = Pieces("a", "b")
    stream = RecordedStream(pieces, told)
    next(stream)

    assert "closed" == stream.close()
    assert pieces.is_closed
    assert ["a", "finished"] == told.heard


def test_closing_later_does_too(told):
    stream = RecordedStream(LaterPieces("a"), told)

    assert "closed" == asyncio.run(stream.aclose())
    assert ["finished"] == told.heard


def test_what_the_stream_has_not_the_proxy_has_not_either(told):
    """Programs ask streams what they can do."""
    stream = RecordedStream(Pieces(), told)

    assert "http://model" == stream.url
    assert hasattr(stream, "close")
    assert not hasattr(stream, "aclose")
