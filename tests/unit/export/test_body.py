"""A request's body in pieces: the same bytes, whichever way they are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.export import waiting
from foretell.export.waiting import SLICE_BYTES, Body


def make(pieces: list[bytes]) -> Body:
    return Body(pieces, sum(map(len, pieces)))


@given(st.lists(st.binary(max_size=9)))
def test_slices_are_the_whole_each_time(pieces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "SLICE_BYTES", 10)
        body = make(pieces)
        whole = b"".join(pieces)

        assert (whole, whole, whole) == (b"".join(body), b"".join(body), bytes(body))
        assert len(whole) == len(body)
        assert all(10 <= len(part) < 19 for part in list(body)[:-1])


def test_a_slice_is_bounded_by_the_piece_that_fills_it():
    large = b"x" * 3 * SLICE_BYTES
    body = make([b"a", large, b"b", b"c"])

    assert [b"a" + large, b"bc"] == list(body)


def test_nothing_has_no_slices():
    assert ([], b"", 0) == (list(make([])), bytes(make([])), len(make([])))
