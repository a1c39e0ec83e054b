"""What a setting is, and how its value is read, be it from Python, a variable or a TOML file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WITH_UNIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_LEVELS = {
    "notset": "debug",
    "trace": "debug",
    "info": "info",
    "warn": "warning",
    "critical": "error",
    "fatal": "error",
}
_TRUTHS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


@dataclass(frozen=True, slots=True)
class SettingType:
    """One kind of value: how it is called in a sentence, and how it is read."""

    meaning: str
    """Completes "must be …"."""
    read: Callable[[Any], Any]
    """Gives the value; raises ValueError or TypeError where it cannot be read."""
    words: tuple[str, ...] = ()
    """The values to choose from, for the nearest name."""
    is_mapping: bool = False
    """True where a TOML table is the value, not a group of settings."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    """In Python and in TOML."""
    type: SettingType
    default: Any
    help: str
    env: tuple[str, ...]
    """Variables, the first that is set wins."""
    is_secret: bool = False
    """True where the value must not be printed."""


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _read_truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _TRUTHS[_read_text(value).lower()]


def _read_otel_truth(value: Any) -> bool:
    """OpenTelemetry knows `true` and `false` only; to read "1" as either would differ from its own SDK."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[_read_text(value).lower()]


def _read_path(value: Any) -> Path:
    path = value if isinstance(value, Path) else Path(_read_text(value))
    return path.expanduser()


def _read_words(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else list(value)
    return tuple(word for part in parts if (word := _read_text(part)))


def _read_pairs(value: Any) -> Mapping[str, str]:
    """Read `{…}` as JSON, else `name=value,name=value`; values that contain commas need the first form."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        import json

        value = json.loads(value)
    if isinstance(value, Mapping):
        return MappingProxyType({_read_text(name): _read_text(item) for name, item in value.items()})
    pairs = [word.partition("=") for word in _read_words(value)]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        raise ValueError
    return MappingProxyType({name.strip(): item.strip() for name, _, item in pairs})


def _read_headers(value: Any) -> Mapping[str, str]:
    """OTLP headers come percent-encoded, as baggage does."""
    from urllib.parse import unquote

    return MappingProxyType({unquote(name): unquote(item) for name, item in _read_pairs(value).items()})


def _read_level(value: Any) -> str:
    """OpenTelemetry's and other languages' names for a level are taken for the nearest of ours."""
    word = _read_text(value).lower()
    return {**_LEVELS, **{level: level for level in _LEVELS.values()}}[word]


def _read_size(value: Any) -> int:
    if isinstance(value, str) and (found := _WITH_UNIT.fullmatch(value)):
        return int(float(found[1]) * _BYTES[found[2].lower()])
    return _read_whole(value)


def _read_whole(value: Any) -> int:
    if isinstance(value, (bool, float)):
        raise TypeError
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _read_number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError
    return number


def one_of(*words: str) -> SettingType:
    """One word out of a few; capitals do not matter."""

    def read(value: Any) -> str:
        word = _read_text(value).lower()
        if word not in words:
            raise ValueError
        return word

    return SettingType(f"one of {', '.join(words)}", read, words)


def duration_in(unit: str) -> SettingType:
    """A duration as a number of `unit`; text may name another unit (`500ms`, `5s`, `2m`, `1h`, `30d`)."""

    def read(value: Any) -> float:
        if isinstance(value, str) and (found := _WITH_UNIT.fullmatch(value)) and found[2]:
            return float(found[1]) * _SECONDS[found[2].lower()] / _SECONDS[unit]
        return _read_number(value)

    return SettingType(f"a duration such as 5{unit} (a bare number means {unit})", read)


def pairs_to(*words: str) -> SettingType:
    """Names with one word out of a few each."""

    def read(value: Any) -> Mapping[str, str]:
        pairs = _read_pairs(value)
        if not set(pairs.values()) <= set(words):
            raise ValueError
        return pairs

    return SettingType(f"pairs name=word with one of {', '.join(words)}", read, is_mapping=True)


TEXT = SettingType("text", _read_text)
TRUTH = SettingType("true or false", _read_truth, ("true", "false", "on", "off", "yes", "no"))
OTEL_TRUTH = SettingType("true or false", _read_otel_truth, ("true", "false"))
PATH = SettingType("a path", _read_path)
WORDS = SettingType("words with commas between them", _read_words)
PAIRS = SettingType("pairs name=value with commas between them, or a JSON object", _read_pairs, is_mapping=True)
HEADERS = SettingType("pairs name=value with commas between them", _read_headers, is_mapping=True)
SIZE = SettingType("a size such as 16384, 16KiB or 1GB", _read_size)
WHOLE = SettingType("a whole number of at least 0", _read_whole)
NUMBER = SettingType("a number of at least 0", _read_number)
LEVEL = SettingType("one of debug, info, warning, error", _read_level, ("debug", "info", "warning", "error"))
