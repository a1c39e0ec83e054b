"""Your own prices, from a file or a dict.

A price file is TOML or JSON. Prices are USD per million tokens:

    date = 2026-11-01              # of your price list; optional

    [[prices]]
    provider = "openai"            # optional: without it, of any provider
    model = "gpt-4o-mini"          # exact, or the beginning of it: "gpt-4o*"; "*" is every model
    agent = "planner"              # optional: only for calls of this agent
    input = 0.15                   # required, as is `output`; 0 is free
    output = 0.60
    cache_read = 0.075             # optional: without it, as `input`
    cache_write = 0.1875           # optional: without it, as `input`
    cache_write_1h = 0.30          # optional: without it, as `cache_write`
    reasoning = 0.60               # optional: without it, as `output`
    audio_input = 10.0             # optional, also audio_output, audio_cache_read, image_input, image_output,
                                   # image_cache_read: without them, as text
    request = 0.005                # optional: USD per call
    context_window = 128000        # optional

In JSON the same: `{"date": "2026-11-01", "prices": [{"model": "gpt-4o-mini", "input": 0.15, "output": 0.6}]}`.
Of several entries that fit, the one that says more wins: agent before exact model before longer beginning before
provider; the later one of two equals.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from foretell.cost.listed import PRICE_NAMES, list_id
from foretell.cost.rates import Rates, make_rates
from foretell.errors import ForetellError

SOURCE = "override"

_WORDS = ("provider", "model", "agent")
_KEYS = (*_WORDS, *PRICE_NAMES, "request", "context_window")
_EXAMPLE = '[[prices]]\nmodel = "gpt-4o-mini"\ninput = 0.15\noutput = 0.60'


class PriceFileError(ForetellError, ValueError):
    """A price file cannot be read as prices; the message says where, why, and what to type."""


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """One entry of a price file."""

    model: str
    """Lower case; ends in `*` where it is only the beginning."""
    rates: Rates
    provider: str | None = None
    agent: str | None = None
    context_window: int | None = None

    def rank(self, provider: str | None, model: str, agent: str | None) -> tuple[bool, bool, int, bool] | None:
        """How much this entry says about a call, the more the greater; None where it does not fit."""
        if self.agent is not None and self.agent != agent:
            return None
        if self.provider is not None and (provider is None or list_id(self.provider) != list_id(provider)):
            return None
        is_exact = not self.model.endswith("*")
        if not (model == self.model if is_exact else model.startswith(self.model[:-1])):
            return None
        return self.agent is not None, is_exact, len(self.model), self.provider is not None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Your own prices."""

    prices: tuple[PriceOverride, ...]
    date: date | None = None

    def find(self, provider: str | None, models: tuple[str, ...], agent: str | None) -> PriceOverride | None:
        """The entry that says most about a call of one of these models (names of the same one); None if none fits."""
        best, best_rank = None, None
        for entry in self.prices:
            for model in models:
                rank = entry.rank(provider, model.lower(), agent)
                if rank is not None and (best_rank is None or rank >= best_rank):
                    best, best_rank = entry, rank
        return best


def read_price_file(path: Path) -> PriceTable:
    """Prices from a TOML or JSON file; a PriceFileError says what to change in a bad one."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PriceFileError(
            f"The price file {str(path)!r} cannot be read: {error.strerror or error}.\n"
            "Give the path of a TOML or JSON file with your prices."
        ) from error
    except UnicodeDecodeError as error:
        raise PriceFileError(f"The price file {str(path)!r} is not UTF-8 text: {error}.\nSave it as UTF-8.") from error
    return read_prices(_parse(text, path), str(path))


def _parse(text: str, path: Path) -> object:
    is_json = path.suffix.lower() == ".json"
    try:
        if is_json:
            import json

            return json.loads(text)
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        return tomllib.loads(text)
    except ValueError as error:
        shape = '{"prices": [{"model": "gpt-4o-mini", "input": 0.15, "output": 0.60}]}' if is_json else _EXAMPLE
        raise PriceFileError(
            f"The price file {str(path)!r} is no valid {'JSON' if is_json else 'TOML'}: {error}.\nIt looks like:\n{shape}"
        ) from error


def read_prices(given: object, place: str = "overrides") -> PriceTable:
    """Prices from a dict of a price file's shape; `place` names it in messages."""
    entries = given.get("prices") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(entries, list):
        raise PriceFileError(f"{place} holds no list `prices`.\nWrite:\n{_EXAMPLE}")
    for key in given:
        if key not in {"prices", "date"}:
            raise PriceFileError(f"{place} has the unknown key {key!r}.\nAt the top stand only `date` and `prices`.")
    return PriceTable(
        tuple(_read_entry(entry, f"{place}, price {number}") for number, entry in enumerate(entries, 1)),
        _read_date(given.get("date"), place),
    )


def _read_date(given: object, place: str) -> date | None:
    if given is None:
        return None
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise PriceFileError(f"{place}: `date` is {given!r}, which is no date.\nWrite it as 2026-11-01.") from error


def _read_entry(given: object, place: str) -> PriceOverride:
    if not isinstance(given, Mapping):
        raise PriceFileError(f"{place} is {given!r}, not a table of prices.\nWrite:\n{_EXAMPLE}")
    for key in given:
        if key not in _KEYS:
            raise PriceFileError(f"{place} has the unknown key {key!r}.\n{_suggest(str(key))}")
    words = {key: _read_word(given[key], f"{place}: `{key}`") for key in _WORDS if given.get(key) is not None}
    if "model" not in words:
        raise PriceFileError(f'{place} names no model.\nAdd: model = "gpt-4o-mini" (or "gpt-4o*", or "*" for all)')
    for key in ("input", "output"):
        if given.get(key) is None:
            raise PriceFileError(
                f"{place} has no `{key}` price.\nAdd: {key} = 0.15 (USD per million tokens; 0 is free)"
            )
    prices = {key: _read_price(given[key], f"{place}: `{key}`") for key in PRICE_NAMES if given.get(key) is not None}
    request = given.get("request")
    window = given.get("context_window")
    if window is not None and (type(window) is not int or window <= 0):
        raise PriceFileError(f"{place}: `context_window` is {window!r}.\nWrite a number of tokens, such as 128000.")
    return PriceOverride(
        words["model"].lower(),
        make_rates(prices.get, 0.0 if request is None else _read_price(request, f"{place}: `request`")),
        words.get("provider"),
        words.get("agent"),
        window,
    )


def _suggest(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, _KEYS, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(_KEYS)}."


def _read_word(given: object, place: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise PriceFileError(f"{place} is {given!r}.\nWrite a name in quotes.")
    return given.strip()


def _read_price(given: Any, place: str) -> float:  # Any: whatever stands in the user's file
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not isfinite(given) or given < 0:
        raise PriceFileError(f"{place} is {given!r}, which is no price.\nWrite a number of USD, such as 0.15.")
    return float(given)
