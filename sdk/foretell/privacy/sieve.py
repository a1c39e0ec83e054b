"""One search over many texts: which of them need a closer look. Nearly always none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from foretell.privacy.matching import compile_pattern
from foretell.privacy.rules import Rule

_BATCH_BYTES = 4 * 2**20
_PICTURE_BYTES = 4096
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_MEDIA_TYPE = b"abcdefghijklmnopqrstuvwxyz0123456789/+.-:"
# Printable ASCII written as an escape inside a string, where no rule would see it; and what draft_json leaves to us.
_ALWAYS = (r"\\u00[2-7]", r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# What reads the same in JSON as in the text itself: no anchor, no quote, backslash, white space or "anything but".
_PLAIN = re.compile(
    r"(?:[A-Za-z0-9 _\-@:;,=#%&~!'/<>()|{}*+?]|\\[dwb.\-+*?()\[\]{}|]"
    r"|\[(?:[A-Z]-[A-Z]|[a-z]-[a-z]|\d-\d|\w|[.@+#%]|\\[dw.\-]|-(?=\]))+\])+"
)


def work_out_sieve(rule: Rule) -> str | None:
    """Return a pattern that finds the rule's matches in JSON, or None where that cannot be told."""
    if rule.sieve is not None:
        return rule.sieve
    if not rule.pattern.isascii() or _PLAIN.fullmatch(rule.pattern) is None:
        return None
    # `\nEMP-1` has no word boundary before E once it is written as JSON.
    return rule.pattern.replace(r"\b", "")


def _drop_pictures(text: bytes) -> bytes:
    """Leave out strings that are base64 from quote to quote: no rule matches them, and searching them is slow."""
    if b"base64" not in text:
        return text
    return b'"'.join(piece for piece in text.split(b'"') if len(piece) < _PICTURE_BYTES or not _is_picture(piece))


def _is_picture(piece: bytes) -> bool:
    head, found, data = piece[:80].partition(b";base64,")
    if found and head.startswith(b"data:") and not head.translate(None, _MEDIA_TYPE):
        return not data.translate(None, _BASE64) and not piece[80:].translate(None, _BASE64)
    return not piece.translate(None, _BASE64)


class Sieve:
    """All rules' sieves in one pattern."""

    __slots__ = ("_pattern",)

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile the patterns into one."""
        joined = "|".join(f"(?:{pattern})" for pattern in (*_ALWAYS, *dict.fromkeys(patterns)))
        self._pattern = compile_pattern(joined, is_bytewise=True)

    def find_suspects(self, texts: Sequence[bytes]) -> list[int]:
        """Return the places of texts that a rule may match. One search where there is none."""
        sizes = list(map(len, texts))
        if sum(sizes) > _BATCH_BYTES and len(texts) > 1:
            middle = len(texts) // 2
            return self.find_suspects(texts[:middle]) + [middle + i for i in self.find_suspects(texts[middle:])]
        if max(sizes, default=0) > _PICTURE_BYTES:
            texts = [_drop_pictures(text) if len(text) > _PICTURE_BYTES else text for text in texts]
        joined = b"\n".join(texts)
        match = self._pattern.search(joined)
        if match is None:
            return []
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        suspects: list[int] = []
        while match is not None:
            place = min(bisect_right(starts, match.start()) - 1, len(texts) - 1)
            # A match over the seam of two texts accuses both.
            last = min(bisect_right(starts, match.end() - 1) - 1, len(texts) - 1)
            suspects.extend(range(place, last + 1))
            if last + 1 >= len(texts):
                break
            match = self._pattern.search(joined, starts[last + 1])
        return suspects
