"""Finds and replaces what the rules name, in one text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate
from typing import Any

from foretell.privacy.rules import Rule
from foretell.privacy.text import encode_text

FAILED = "[redacted:failed]"
"""Stands for a whole text when a rule or a function of the user's own fails on it."""

Outcome = tuple[str, dict[str, int], int]
"""The text as it may be kept, rule → matches, and how many rules failed."""

# The set keeps one automaton for all rules; it gives up when this does not hold its first states.
_SET_BYTES = 64 * 2**20
_ESCAPED = re.compile(r"(\\+)u00([2-7][0-9a-fA-F])")


class InvalidRule(ValueError):
    """A rule whose pattern RE2 cannot read."""


def compile_pattern(pattern: str, *, is_bytewise: bool = False) -> Any:  # Any: re2 has no types
    """Return a compiled RE2 pattern that searches bytes."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _SET_BYTES
    if is_bytewise:
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(pattern.encode("utf-8") if is_bytewise else pattern, options)
    except re2.error as error:
        raise InvalidRule(
            f"The redaction pattern {pattern!r} is no valid RE2 pattern: {_say(error)}.\n"
            "RE2 has no look-around and no back-references; use Rule(check=...) for what a pattern cannot say."
        ) from None


class Matcher:
    """All rules, ready to be applied."""

    __slots__ = ("_allowed", "_hooks", "_own", "_patterns", "_rules", "_set")

    def __init__(
        self,
        rules: Sequence[Rule],
        own_rules: Sequence[Rule],
        hooks: Sequence[Callable[[str], str]],
        allowed: Collection[str],
    ) -> None:
        """Compile `rules` into one automaton, and the user's `own_rules` one by one."""
        import re2

        options = re2.Options()
        options.log_errors = False
        options.max_mem = _SET_BYTES
        options.encoding = re2.Options.Encoding.LATIN1
        self._set = re2.Set.SearchSet(options)
        for rule in rules:
            self._set.Add(rule.pattern.encode())
        self._set.Compile()
        self._rules = (*rules, *own_rules)
        self._own = range(len(rules), len(self._rules))
        # A built-in pattern is compiled when it first matches: all of them take 30 ms. One's own are checked at once.
        self._patterns: dict[int, Any] = {i: compile_pattern(self._rules[i].pattern) for i in self._own}
        self._hooks = tuple(hooks)
        self._allowed = frozenset(allowed)

    def redact(self, text: str, *, has_hooks: bool = True) -> Outcome:
        """Return what may be kept of a text."""
        try:
            kept, counts = self._apply_rules(text)
        except Exception:
            # A check of the user's own: whether this text is clean can no longer be said.
            return FAILED, {}, 1
        return self._apply_hooks(kept, counts) if has_hooks and self._hooks else (kept, counts, 0)

    def _apply_rules(self, text: str) -> tuple[str, dict[str, int]]:
        if "\\u00" in text:
            plain = _ESCAPED.sub(_unescape, text)
            if plain != text:
                kept, counts = self._replace(plain)
                if counts:
                    return kept, counts
        return self._replace(text)

    def redact_seams(self, pieces: Sequence[str]) -> tuple[list[str], dict[str, int]]:
        """Replace what is found in the pieces joined: a secret may stand in several, or be known by the piece before."""
        encoded = [encode_text(piece) for piece in pieces]
        data = b"".join(encoded)
        ends = list(accumulate(map(len, encoded)))
        starts = [0, *ends]
        counts: dict[str, int] = {}
        # From the end: what comes before stays where it was.
        for start, end, rule in reversed(self._find_all(data)):
            first, last = bisect_right(ends, start), bisect_right(ends, end - 1)
            counts[rule.id] = counts.get(rule.id, 0) + 1
            head, tail = encoded[first][: start - starts[first]], encoded[last][end - starts[last] :]
            encoded[first : last + 1] = [b""] * (last - first + 1)
            if first == last:
                encoded[first] = head + encode_text(rule.text) + tail
            else:
                encoded[first], encoded[last] = head + encode_text(rule.text), tail
        return [piece.decode("utf-8", "replace") for piece in encoded], counts

    def _replace(self, text: str) -> tuple[str, dict[str, int]]:
        data = encode_text(text)
        counts: dict[str, int] = {}
        pieces: list[bytes] = []
        position = 0
        for start, end, rule in self._find_all(data):
            counts[rule.id] = counts.get(rule.id, 0) + 1
            pieces += (data[position:start], encode_text(rule.text))
            position = end
        if not counts:
            return text, counts
        pieces.append(data[position:])
        return b"".join(pieces).decode("utf-8", "replace"), counts

    def _find_all(self, data: bytes) -> list[tuple[int, int, Rule]]:
        """Return what must go, in order, without overlaps."""
        # The user's own rules come first in what is written, the built-in ones in their order.
        candidates = [*self._own, *sorted(self._set.Match(data) or ())]
        spans = [
            (start, end, place) for place, index in enumerate(candidates) for start, end in self._find(index, data)
        ]
        return [(start, end, self._rules[candidates[place]]) for start, end, place in _merge(sorted(spans))]

    def _find(self, index: int, data: bytes) -> Iterator[tuple[int, int]]:
        rule = self._rules[index]
        pattern = self._patterns.get(index)
        if pattern is None:
            pattern = self._patterns[index] = compile_pattern(rule.pattern, is_bytewise=True)
        position = 0
        while (match := pattern.search(data, position)) is not None:
            start, end = _find_secret(match)
            if start < 0:
                position = max(match.end(), position + 1)
                continue
            if end > start and self._is_meant(rule, data[start:end]):
                yield start, end
            # From the secret's end, not the match's: what ends one match may begin the next.
            position = max(end, match.start() + 1, position + 1)
            if position > len(data):
                return

    def _is_meant(self, rule: Rule, secret: bytes) -> bool:
        if rule.check is None and not self._allowed:
            return True
        text = secret.decode("utf-8", "replace")
        return text not in self._allowed and (rule.check is None or bool(rule.check(text)))

    def _apply_hooks(self, text: str, counts: dict[str, int]) -> Outcome:
        for hook in self._hooks:
            try:
                changed: Any = hook(text)  # Any: the user's function may break its promise
            except Exception:
                return FAILED, {}, 1
            if not isinstance(changed, str):
                return FAILED, {}, 1
            if changed != text:
                name = getattr(hook, "__name__", "hook")
                counts[name] = counts.get(name, 0) + 1
                text = str(changed)
        return text, counts, 0


def _find_secret(match: Any) -> tuple[int, int]:
    """Return the span of the first group that took part; of all where there is no group; (-1, -1) where none did."""
    groups = match.re.groups
    if groups == 0:
        return match.start(), match.end()
    for group in range(1, groups + 1):
        if match.start(group) >= 0:
            return match.start(group), match.end(group)
    return -1, -1


def _merge(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Join overlapping spans: what any rule wants gone goes, and the first rule gives its name."""
    merged: list[tuple[int, int, int]] = []
    for start, end, place in spans:
        last_start, last_end, last_place = merged[-1] if merged else (0, 0, 0)
        if start < last_end:
            merged[-1] = (last_start, max(end, last_end), min(place, last_place))
        else:
            merged.append((start, end, place))
    return merged


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[2], 16))
    if character == '"':  # bare it would end the JSON string that it stands in, at whatever depth that is
        return "\\" * (2 * len(match[1]) - 1) + character
    return match[0] if character == "\\" else character


def _say(error: BaseException) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
