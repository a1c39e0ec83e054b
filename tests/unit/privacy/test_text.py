"""Drafts of JSON say what the strict writer says."""

from __future__ import annotations

import json

import pytest

from foretell.privacy.text import draft_json, write_json

VALUES = [
    None, True, 0, -1.5, 2**70, 10**3000, "", "plain", 'qu"ote \\ back\nslash\ttab', "naïve 日本語 🧀", "x" * 5000, [],
    {}, [1, [2, (3, "4")]], {"b": {"z": 1, "a": [None, False]}, "a": 1e-7}, {"rows": [{"id": n} for n in range(2000)]},
    b"bytes", b"caf\xc3", b"\xff\x00", {"blob": b"\xff\xfe\xfd\xfc\xfb"}, float("nan"), [float("inf"), -float("inf")],
    "lone \ud800 half", {"\udfff": "\ud83e\uddc0"}, "1" * 9000,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(VALUES)))
@pytest.mark.parametrize("is_sorted", [False, True])
def test_a_draft_says_what_the_strict_writer_says(number, is_sorted):
    """Numbers that are none, halves of characters and bytes included."""
    value = VALUES[number]

    assert json.loads(write_json(value)) == json.loads(draft_json(value, is_sorted=is_sorted))


@pytest.mark.parametrize("digits", [5_000, 50_000])
def test_a_number_that_python_will_not_read_is_described(digits):
    """A tool that returns a factorial must not make its run unreadable."""
    draft = json.loads(draft_json({"result": 10**digits}))

    assert "int" == draft["result"]["type"]


def test_equal_mappings_have_equal_sorted_drafts():
    """Their hash is compared with that of another call, whose arguments were put together in another order."""
    assert b'{"a":{"c":"x","d":2.5},"b":1}' == draft_json({"b": 1, "a": {"d": 2.5, "c": "x"}}, is_sorted=True)
    assert draft_json({"b": 1, "a": 2}, is_sorted=True) == draft_json({"a": 2, "b": 1}, is_sorted=True)
