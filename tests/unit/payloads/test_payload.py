"""What is kept of a value is valid JSON, under its cap, and says what was lost."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.model.payload import Captured, Payload
from foretell.payloads.payload import make_payload
from foretell.payloads.taking.snapshot import take_snapshot
from foretell.privacy.redactor import Redactor

REDACTOR = Redactor()

WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.text()
    | st.text(st.characters(categories=["Cs", "Cc", "L"])) | st.just("x" * 500) | st.builds(pow, st.just(10), st.just(5000)) | st.just(2**70)
    | st.builds(object) | st.dates() | st.uuids(),
    lambda inner: st.lists(inner, max_size=40) | st.tuples(inner, inner)
    | st.dictionaries(st.text() | st.integers() | st.floats() | st.none() | st.booleans() | st.tuples(st.integers()), inner),
    max_leaves=60,
)  # fmt: skip


def load(text: str) -> Any:
    """Strictly: no NaN, no infinity."""
    return json.loads(text, parse_constant=pytest.fail)


def keep(value: Any, **limits: int) -> Payload:
    """What is kept of a value as a call would keep it."""
    return make_payload(take_snapshot(value), REDACTOR, **limits)


@settings(deadline=None)
@given(WEIRD)
def test_any_value_becomes_valid_json_under_the_cap(value: Any) -> None:
    """Inline and as a blob, in UTF-8."""
    for limit in (40, 300, 16384):
        payload = keep(value, inline_limit=limit, blob_limit=1000)

        load(payload.text)
        assert len(payload.text.encode()) <= limit
        if payload.blob is not None:
            load(payload.blob.decode())
            assert len(payload.blob) <= 1000


@given(WEIRD)
def test_what_was_never_a_snapshot_becomes_json_too(value: Any) -> None:
    """Somebody may hand over anything as captured."""
    load(make_payload(Captured(value, 0), REDACTOR).text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'), (None, "null"), ({"b": 1, "a": [1.5, True]}, '{"b":1,"a":[1.5,true]}'), ("é😀", '"é😀"'),
        ([math.nan, math.inf], "[null,null]"), (2**70, "1180591620717411303424"), (b"ab", '"ab"'), ("\ud800", '"�"'),
        ("a\x01b\n", '"a\\u0001b\\n"'), ("x" * 100 + '"\\\n\t\r\x02', '"' + "x" * 100 + '\\"\\\\\\n\\t\\r\\u0002"'),
        ({1: 2, None: 3}, '{"1":2,"null":3}'), (10**5000, '{"type":"int","bits":16610}'),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_values_are_written_as(value: Any, text: str) -> None:
    """Compact, letters as they are."""
    assert text.replace(" ", "") == keep(value).text.replace(" ", "")


def test_what_fits_has_no_blob() -> None:
    """And nothing is lost."""
    payload = keep({"a": "b"})

    assert Payload('{"a":"b"}', 9) == payload


def test_what_is_too_long_becomes_a_blob_and_a_short_form() -> None:
    """The blob is the whole, named by its content; the short form keeps the shape."""
    value = {"prompt": "x" * 50_000, "model": "m", "messages": list(range(5000))}
    payload = keep(value)

    assert value == json.loads(payload.blob or b"")
    assert hashlib.sha256(payload.blob or b"").hexdigest() == payload.blob_sha256
    assert len(payload.blob or b"") == payload.size_bytes
    assert not payload.is_truncated
    short = load(payload.text)
    assert "m" == short["model"]
    assert short["prompt"].startswith("xxx")
    assert short["prompt"].endswith(f"… (+{50_000 - short['prompt'].index('…')} characters)")
    assert [0, 4999] == [short["messages"][0], short["messages"][-1]]


def test_one_long_text_keeps_most_of_the_cap() -> None:
    """A page of a prompt is worth more than a line."""
    assert len(keep("x" * 100_000).text) > 10_000


def test_what_is_too_long_for_a_blob_is_cut() -> None:
    """And says so."""
    payload = keep(["x" * 1000] * 100, inline_limit=500, blob_limit=5000)

    assert payload.is_truncated
    assert len(payload.blob or b"") <= 5000
    assert payload.size_bytes > 100_000


def test_a_cut_snapshot_is_a_cut_payload() -> None:
    """The worker tells what the caller's thread left out."""
    assert make_payload(take_snapshot("x" * 100, limit_bytes=10), REDACTOR).is_truncated


def test_secrets_are_in_neither_form() -> None:
    """Nor does cutting them in two keep a half."""
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    payload = keep({"a": secret, "b": "x" * 100_000 + " " + secret, "password": "x" * 20_000})

    assert "AKIA" not in payload.text
    assert b"AKIA" not in (payload.blob or b"")
    assert {"aws_access_key": 2, "secret": 1} == payload.redactions


def test_equal_contents_share_one_blob() -> None:
    """They have one name."""
    assert keep(["x" * 20_000]).blob_sha256 == keep(["x" * 20_000]).blob_sha256
