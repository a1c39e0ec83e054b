"""Takes secrets and personal data out of texts and values, and says what it took."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from foretell.model.payload import NO_RULES
from foretell.privacy.keys import SecretKeys
from foretell.privacy.matching import FAILED, Matcher, Outcome
from foretell.privacy.rules import Rule, list_default_rules
from foretell.privacy.sieve import Sieve, work_out_sieve
from foretell.privacy.structure import Redaction, find_seams, has_seams
from foretell.privacy.text import draft_json, encode_text, make_plain

_NAMES_LIMIT = 10_000


class Redacted(NamedTuple):
    """What may be kept of one text or value."""

    value: Any  # the text, or a JSON-like value
    counts: Mapping[str, int] = NO_RULES
    """Rule → matches replaced."""
    failures: int = 0
    """How many rules or functions of the user's own failed on it; what they failed on is gone."""


class Redactor:
    """The rules that are in force. One for the process; safe to use from several threads."""

    def __init__(
        self,
        extra_rules: Iterable[Rule] = (),
        disabled: Collection[str] = (),
        hooks: Sequence[Callable[[str], str]] = (),
        extra_keys: Iterable[str] = (),
        allowed: Collection[str] = (),
    ) -> None:
        """Take the built-in rules without the `disabled` ids, and add one's own.

        `hooks` are functions that get each text and return what may be kept of it; with one, every text is read piece
        by piece. `extra_keys` are names in mappings whose value must go. `allowed` are texts that no rule replaces.
        A pattern that RE2 cannot read raises `InvalidRule`.
        """
        own = tuple(extra_rules)
        builtin = [rule for rule in list_default_rules() if rule.id not in disabled]
        self._keys = None if "secret" in disabled else SecretKeys(extra_keys)
        self._matcher = Matcher(builtin, own, hooks, allowed)
        sieves = [work_out_sieve(rule) for rule in (*builtin, *own)]
        self._reads_all = bool(hooks) or None in sieves
        keys = () if self._keys is None else (self._keys.sieve,)
        self._sieve = Sieve([*(sieve for sieve in sieves if sieve is not None), *keys])
        self._names: dict[str, str] = {}
        self._clean: set[tuple[Any, ...]] = set()

    def redact_text(self, text: str) -> tuple[str, Mapping[str, int]]:
        """Return what may be kept of one text, and how often each rule matched."""
        kept, counts, _ = self.redact_texts([text])[0]
        return kept, counts

    def redact_texts(self, texts: Sequence[str]) -> list[Redacted]:
        """Return what may be kept of many texts; one search where nothing matches."""
        suspects = self.find_suspects([encode_text(text) for text in texts])
        return self._redact_suspects(texts, suspects)

    def redact_values(self, values: Sequence[Any]) -> list[Redacted]:  # Any: JSON-like
        """Return what may be kept of many JSON-like values; one search where nothing matches.

        A value without matches comes back as it is, not as a copy.
        """
        documents = [draft_json(value) for value in values]
        seams = [(place, seam) for place, value in enumerate(values) for seam in self.join_seams(value)]
        found = self.find_suspects([*documents, *(encode_text(seam) for _, seam in seams)])
        suspects = {place if place < len(values) else seams[place - len(values)][0] for place in found}
        return self._redact_suspects(values, suspects)

    def redact_value(self, value: Any, *, is_stream: bool = False) -> Redacted:  # Any: JSON-like
        """Return what may be kept of one value, read piece by piece; what `find_suspects` accused comes here.

        `is_stream`: the value is a list of chunks, and a secret may stand in several of them.
        """
        try:
            return self._read_pieces(make_plain(value), is_stream)
        except Exception:
            # A check of the user's own, or a value too deep: what cannot be read cannot be said to be clean.
            return Redacted(FAILED, NO_RULES, 1)

    def redact_name(self, name: str) -> str:
        """Return what may be kept of a name that comes again and again."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= _NAMES_LIMIT:
                self._names.clear()
            known = self._names[name] = self.redact_text(str.__str__(name))[0]  # also of a class of its own
        return known

    def are_clean(self, names: tuple[Any, ...], limit_chars: int) -> bool:  # Any: text, tuples of it, or no text
        """Tell whether names that come together again and again may all be kept as they are, none longer than the limit."""
        try:
            if names in self._clean:
                return True
            flat = [part for name in names for part in (name if type(name) is tuple else (name,))]
            is_clean = all(
                not isinstance(name, str) or (len(name) <= limit_chars and self.redact_name(name) == name)
                for name in flat
            )
        except TypeError:  # something that cannot be kept in a set: look at each
            return False
        if is_clean:
            if len(self._clean) >= _NAMES_LIMIT:
                self._clean.clear()
            self._clean.add(names)
        return is_clean

    def find_suspects(self, documents: Sequence[bytes]) -> Sequence[int]:
        """Return the places of documents (JSON or text, in UTF-8) that must be read piece by piece."""
        if not documents:
            return ()
        return range(len(documents)) if self._reads_all else self._sieve.find_suspects(documents)

    def join_seams(self, value: Any, *, is_stream: bool = False) -> list[str]:  # Any: JSON-like
        """Return the texts that a list of a stream's chunks holds in pieces, to be searched beside the value."""
        return ["".join(seam.pieces) for seam in find_seams(value)] if is_stream or has_seams(value) else []

    def _redact_suspects(self, values: Sequence[Any], suspects: Collection[int]) -> list[Redacted]:
        redacted = [Redacted(value) for value in values]
        for place in suspects:
            redacted[place] = self.redact_value(values[place])
        return redacted

    def _read_pieces(self, plain: Any, is_stream: bool) -> Redacted:
        redaction = Redaction(self._keys)
        if (is_stream and type(plain) is list) or has_seams(plain):
            self._redact_seams(plain, redaction)
        redaction.collect(plain)
        redaction.outcomes = self._redact_pieces(list(redaction.texts))
        value = redaction.rebuild(plain)
        return Redacted(value, redaction.counts or NO_RULES, redaction.failures)

    def _redact_seams(self, chunks: list[Any], redaction: Redaction) -> None:
        """Replace what stands in several chunks, or is known only by another; what stands in one is found later, too."""
        for seam in find_seams(chunks):
            pieces, counts = self._redact_seam(seam.pieces)
            if counts:
                seam.write(pieces)
                for rule, count in counts.items():
                    redaction.counts[rule] = redaction.counts.get(rule, 0) + count

    def _redact_seam(self, pieces: list[str]) -> tuple[list[str], Mapping[str, int]]:
        joined = "".join(pieces)
        if joined.lstrip()[:1] in ("{", "["):
            # Arguments of a tool call, say: only the whole can be read as JSON, so it moves into the first piece.
            kept, counts, _ = self.redact_value(joined)
            if counts:
                return [str(kept), *[""] * (len(pieces) - 1)], counts
        return self._matcher.redact_seams(pieces)

    def _redact_pieces(self, pieces: list[str]) -> dict[str, Outcome]:
        suspects = self.find_suspects([encode_text(piece) for piece in pieces])
        outcomes = {}
        for place in suspects:
            outcome = self._matcher.redact(pieces[place])
            if outcome[1] or outcome[2]:
                outcomes[pieces[place]] = outcome
        return outcomes
