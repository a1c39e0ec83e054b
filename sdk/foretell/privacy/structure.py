"""Redacts inside a JSON-like value: key by key and text by text, so that what comes out is still JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from foretell.privacy.keys import SecretKeys
from foretell.privacy.matching import Outcome

SECRET = "[redacted:secret]"
_JSON_LIMIT = 2**20
_NESTING_LIMIT = 4
_SCHEMA_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
_SCHEMA_VALUES = frozenset({"default", "const", "enum", "example", "examples"})
_NAME_FIELDS = ("name", "key", "header", "field", "param")
_CHUNK_FIELDS = frozenset({"delta", "choices", "candidates", "chunk", "content_block", "text", "content"})


class Redaction:
    """One value being redacted: first `collect`, then `rebuild` with what became of the collected texts."""

    __slots__ = ("_keys", "_parsed", "counts", "failures", "outcomes", "texts")

    def __init__(self, keys: SecretKeys | None) -> None:
        """Begin with no texts; `keys` None leaves mappings' keys aside."""
        self._keys = keys
        self._parsed: dict[str, Any] = {}
        self.texts: dict[str, None] = {}
        self.outcomes: Mapping[str, Outcome] = {}
        self.counts: dict[str, int] = {}
        self.failures = 0

    def collect(self, value: Any, nesting: int = 0) -> None:  # Any: JSON-like
        """Note every text in the value, keys and long numbers too."""
        kind = type(value)
        if kind is str:
            inner = self._parse(value, nesting)
            if inner is not None:
                self.collect(inner, nesting + 1)
            self.texts[value] = None
        elif kind is dict:
            for key, item in value.items():
                self.texts[key] = None
                self.collect(item, nesting)
        elif kind is list:
            for item in value:
                self.collect(item, nesting)
        elif (number := _write_number(value)) is not None:
            self.texts[number] = None

    def rebuild(self, value: Any, nesting: int = 0) -> Any:  # Any: JSON-like
        """Return the value without what must not be kept."""
        kind = type(value)
        if kind is str:
            return self._rebuild_text(value, nesting)
        if kind is dict:
            return self._rebuild_mapping(value, nesting)
        if kind is list:
            if len(value) == 2 and type(value[0]) is str and type(value[1]) is str and self._hides(*value):
                return [value[0], self._hide()]
            return [self.rebuild(item, nesting) for item in value]
        number = _write_number(value)
        if number is None or number not in self.outcomes:
            return value
        kept = self._take(number)
        return value if kept == number else kept

    def _rebuild_mapping(self, mapping: dict[str, Any], nesting: int) -> dict[str, Any]:
        hidden = self._find_named_value(mapping)
        rebuilt: dict[str, Any] = {}
        for key, item in mapping.items():
            name = self._take(key)
            while name in rebuilt:
                name += "'"
            if key == hidden:
                rebuilt[name] = self._hide()
            elif self._hides(key, item) and not (key == "token" and "logprob" in mapping):
                rebuilt[name] = self._rebuild_schema(item, nesting) if _is_schema(item) else self._hide()
            else:
                rebuilt[name] = self.rebuild(item, nesting)
        return rebuilt

    def _rebuild_schema(self, schema: dict[str, Any], nesting: int) -> dict[str, Any]:
        """Keep what a tool says of its parameter `password`, without the values it gives."""
        kept = self._rebuild_mapping(schema, nesting)
        return {key: self._hide() if key in _SCHEMA_VALUES else item for key, item in kept.items()}

    def _rebuild_text(self, text: str, nesting: int) -> str:
        inner = self._parse(text, nesting)
        if inner is not None:
            before = sum(self.counts.values()) + self.failures
            rebuilt = self.rebuild(inner, nesting + 1)
            if sum(self.counts.values()) + self.failures > before:
                return json.dumps(rebuilt, ensure_ascii=False, separators=(",", ":"))
        return self._take(text)

    def _take(self, text: str) -> str:
        outcome = self.outcomes.get(text)
        if outcome is None:
            return text
        kept, counts, failures = outcome
        for rule, count in counts.items():
            self.counts[rule] = self.counts.get(rule, 0) + count
        self.failures += failures
        return kept

    def _parse(self, text: str, nesting: int) -> Any:
        """Return what a JSON document in a string says, or None."""
        if len(text) < 8 or nesting >= _NESTING_LIMIT or len(text) > _JSON_LIMIT or text.lstrip()[:1] not in ("{", "["):
            return None
        if text not in self._parsed:
            try:
                self._parsed[text] = json.loads(text, parse_constant=lambda _: None)
            except (ValueError, RecursionError):
                self._parsed[text] = None
        return self._parsed[text]

    def _hides(self, key: str, value: Any) -> bool:
        return self._keys is not None and self._keys.holds_secret(key, value)

    def _find_named_value(self, mapping: dict[str, Any]) -> str | None:
        """Return the field of `{"name": "Authorization", "value": …}` that must go."""
        if "value" in mapping and len(mapping) <= 8:
            for field in _NAME_FIELDS:
                name = mapping.get(field)
                if type(name) is str and self._hides(name, mapping["value"]):
                    return "value"
        return None

    def _hide(self) -> str:
        self.counts["secret"] = self.counts.get("secret", 0) + 1
        return SECRET


class Seam:
    """The pieces of one text that a stream gave in chunks."""

    __slots__ = ("_places",)

    def __init__(self, places: list[tuple[Any, Any]]) -> None:
        """Know where the pieces are: pairs of a container and the key or index in it."""
        self._places = places

    @property
    def pieces(self) -> list[str]:
        """The pieces in order."""
        return [box[key] for box, key in self._places]

    def write(self, pieces: Sequence[str]) -> None:
        """Put other pieces in their place."""
        for (box, key), piece in zip(self._places, pieces, strict=True):
            box[key] = piece


def has_seams(value: Any) -> bool:  # Any: JSON-like
    """Tell quickly whether this is a list of a stream's chunks."""
    if type(value) is not list or len(value) < 2:
        return False
    first = value[0]
    return type(first) is str or (type(first) is dict and not _CHUNK_FIELDS.isdisjoint(first) and "role" not in first)


def find_seams(value: list[Any]) -> list[Seam]:
    """Return the texts that go through all chunks, each at its own path in them."""
    places: dict[tuple[Any, ...], list[tuple[Any, Any]]] = {}
    for index in range(len(value)):
        _note_places(value, index, (), places, 0)
    return [Seam(found) for found in places.values() if len(found) > 1]


def _note_places(box: Any, key: Any, path: tuple[Any, ...], places: dict[Any, Any], depth: int) -> None:
    item = box[key]
    kind = type(item)
    if kind is str:
        places.setdefault(path, []).append((box, key))
    elif depth < 8 and kind is dict:
        for name in item:
            _note_places(item, name, (*path, name), places, depth + 1)
    elif depth < 8 and kind is list:
        for index in range(len(item)):
            _note_places(item, index, (*path, index), places, depth + 1)


def _write_number(value: Any) -> str | None:
    """Return an integer long enough for a card or a telephone as text."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return str(value) if type(value) is int and 10**8 <= value < 10**20 else None


def _is_schema(value: Any) -> bool:
    if type(value) is not dict:
        return False
    kind = value.get("type")
    return (type(kind) is str and kind in _SCHEMA_TYPES) or "$ref" in value or "anyOf" in value
