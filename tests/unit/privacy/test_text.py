"""Drafts of JSON say what the strict writer says, whoever writes them."""

from __future__ import annotations

import json

import pydantic_core  # noqa: F401 - where it is loaded, drafts are written by it
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

    assert json.loads(write_json(value)) == json.loads(draft_json(value, 10_000, is_sorted=is_sorted))


@pytest.mark.parametrize("digits", [5_000, 50_000])
def test_a_number_that_python_will_not_read_is_described(digits):
    """A tool that returns a factorial must not make its run unreadable."""
    draft = json.loads(draft_json({"result": 10**digits}))

    assert "int" == draft["result"]["type"]


@pytest.mark.parametrize("value", [{"b": 1, "a": {"d": 2.5, "c": "x"}}, {"n": 1e-5, "big": 1e22, "text": "é"}])
def test_sorted_drafts_are_the_same_bytes_wherever_they_are_written(value):
    """Their hash is compared with that of another process, which may have another writer."""
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert expected == draft_json(value, 10_000, is_sorted=True)
