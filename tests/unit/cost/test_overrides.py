"""Reading your own prices, and what a bad file is told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from foretell.cost import overrides
from foretell.cost.overrides import PriceFileError, read_price_file, read_prices
from foretell.errors import ForetellError

TOML = """
date = 2026-11-01

[[prices]]
provider = "openai"
model = "GPT-4o-mini"
agent = "planner"
input = 0.15
output = 0.60
cache_read = 0.075
request = 0.005
context_window = 128000
"""


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    """Both formats hold the same shape."""
    as_toml, as_json = tmp_path / "prices.toml", tmp_path / "prices.json"
    as_toml.write_text(TOML, encoding="utf-8")
    entry = {
        "provider": "openai", "model": "gpt-4o-mini", "agent": "planner", "input": 0.15, "output": 0.6,
        "cache_read": 0.075, "request": 0.005, "context_window": 128000,
    }  # fmt: skip
    as_json.write_text(json.dumps({"date": "2026-11-01", "prices": [entry]}), encoding="utf-8")

    table = read_price_file(as_toml)

    assert table == read_price_file(as_json)
    assert date(2026, 11, 1) == table.date
    assert 128000 == table.prices[0].context_window


def test_the_shape_that_is_documented_can_be_read(tmp_path: Path) -> None:
    """The example in the module's own words is a valid price file."""
    assert overrides.__doc__ is not None
    lines = [line[4:] for line in overrides.__doc__.splitlines() if line.startswith("    ")]
    path = tmp_path / "prices.toml"
    path.write_text("\n".join(lines), encoding="utf-8")

    assert "planner" == read_price_file(path).prices[0].agent


ENTRY = {"model": "m", "input": 1, "output": 2}

BAD: list[tuple[object, str, str]] = [
    ([], "no list `prices`", "[[prices]]"),
    ({}, "no list `prices`", "[[prices]]"),
    ({"prices": {"m": 1}}, "no list `prices`", "[[prices]]"),
    ({"prices": [], "currency": "EUR"}, "unknown key 'currency'", "only `date` and `prices`"),
    ({"prices": ["m"]}, "price 1 is 'm'", "[[prices]]"),
    ({"prices": [ENTRY, {"input": 1, "output": 2}]}, "price 2 names no model", "Add: model ="),
    ({"prices": [{**ENTRY, "ouput": 2}]}, "unknown key 'ouput'", "Did you mean 'output'?"),
    ({"prices": [{**ENTRY, "zzz": 2}]}, "unknown key 'zzz'", "Known keys:"),
    ({"prices": [{"model": "m", "output": 2}]}, "no `input` price", "Add: input = 0.15"),
    ({"prices": [{**ENTRY, "input": "0.15"}]}, "`input` is '0.15'", "Write a number of USD"),
    ({"prices": [{**ENTRY, "input": -1}]}, "`input` is -1", "Write a number of USD"),
    ({"prices": [{**ENTRY, "input": True}]}, "`input` is True", "Write a number of USD"),
    ({"prices": [{**ENTRY, "request": float("nan")}]}, "`request` is nan", "Write a number of USD"),
    ({"prices": [{**ENTRY, "model": ""}]}, "`model` is ''", "Write a name in quotes"),
    ({"prices": [{**ENTRY, "context_window": 1.5}]}, "`context_window` is 1.5", "such as 128000"),
    ({"prices": [ENTRY], "date": "soon"}, "`date` is 'soon'", "2026-11-01"),
]


@pytest.mark.parametrize(("given", "wrong", "remedy"), BAD)
def test_bad_prices_are_told_what_to_type(given: Any, wrong: str, remedy: str) -> None:
    """Each message says where, what is wrong, and what to write instead."""
    with pytest.raises(PriceFileError) as caught:
        read_prices(given, "prices.toml")

    message = str(caught.value)
    assert message.startswith("prices.toml")
    assert wrong in message
    assert remedy in message


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("prices.toml", b"[[prices]\n", "no valid TOML"),
        ("prices.json", b"{", "no valid JSON"),
        ("prices.toml", b"\xff\xfe", "not UTF-8"),
        ("prices.toml", None, "cannot be read"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes | None, wrong: str) -> None:
    """A file that cannot be read at all is named with its path."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(PriceFileError) as caught:
        read_price_file(path)

    assert str(path) in str(caught.value)
    assert wrong in str(caught.value)


def test_a_refusal_is_one_of_foretell_s() -> None:
    """The command line shows it as any other refusal; other code may catch a ValueError."""
    assert issubclass(PriceFileError, ForetellError)
    assert issubclass(PriceFileError, ValueError)
