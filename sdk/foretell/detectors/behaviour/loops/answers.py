"""Answers of a model that say nearly the same again and again, with no tool between."""

from __future__ import annotations

import itertools
import re
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

from foretell.detectors.behaviour.loops.signatures import normalise

if TYPE_CHECKING:
    from foretell.model.call import Call

TEXT_CHARS: Final = 1_500
LEAST_CHARS: Final = 20
"""Shorter answers are labels such as `yes`, which many healthy calls share."""
LEAST_WORDS: Final = 6
"""Below so many words a fingerprint says little: such answers must be equal."""
SHORT_CHARS: Final = 400
WORD_LIMIT: Final = 200
ALIKE: Final = 0.9

_CONTENT = re.compile(r'"(?:content|text|output_text|output|answer|reply)"\s*:\s*"((?:[^"\\]|\\.)*)')
_WORDS = re.compile(r"\w+")
_DIGITS = re.compile(r"[0-9]+")
_LANES = tuple(sum(1 << (16 * bit) for bit in range(8) if byte >> bit & 1) for byte in range(256))


class Answer(NamedTuple):
    """One answer, as far as it is kept."""

    text: str
    size: int
    asked: int
    """Hash of the input's identity; 0 where it has none."""
    span_id: int
    time_ns: int


class Answers:
    """The last answers of one agent's model since its last tool."""

    __slots__ = ("_first", "kept")

    def __init__(self) -> None:
        """Begin with no answer."""
        self._first: tuple[Call, int] | None = None
        """An answer with none before it, which mostly stays the only one."""
        self.kept: list[Answer] = []

    def __bool__(self) -> bool:
        """There is any answer."""
        return self._first is not None or bool(self.kept)

    def clear(self) -> None:
        """Forget the answers."""
        self._first = None
        if self.kept:
            self.kept = []

    def add(self, call: Call, count: int, end_ns: int) -> bool:
        """Note an answer; True where the last `count` are of about one length, so that comparing them is worth it."""
        if call.output_payload is None:
            return False
        if not self:
            self._first = (call, end_ns)
            return False
        kept = self.kept
        if self._first is not None:
            kept.append(_read_answer(*self._first))
            self._first = None
        answer = _read_answer(call, end_ns)
        if kept and abs(kept[-1].size - answer.size) > 20 + answer.size // 10:
            kept.clear()
        kept.append(answer)
        if len(kept) > count:
            del kept[0]
        return len(kept) >= count


def _read_answer(call: Call, end_ns: int) -> Answer:
    payload = call.output_payload
    assert payload is not None
    asked = 0 if call.identity is None else hash(call.identity)
    return Answer(payload.text[:TEXT_CHARS], payload.size_bytes, asked, call.span_id, end_ns)


def are_alike(answers: Answers, call: Call, bits: int) -> bool:
    """True where all answers say nearly the same and belong to one conversation that does not move on."""
    kept = answers.kept
    after = read_content(kept[-1].text)
    for place in range(len(kept) - 2, -1, -1):
        before = read_content(kept[place].text)
        if min(len(before), len(after)) < LEAST_CHARS or not _look_alike(before, after):
            return False
        if place == len(kept) - 2 and not _is_one_talk(kept, before, call):
            return False
        if not _say_the_same(before, after, bits):
            return False
        after = before
    return True


def read_content(text: str) -> str:
    """What the model said, out of the JSON of its response; all of it where that is not found."""
    found = _CONTENT.findall(text)
    return " ".join(found) if found else text.strip('"')


def fingerprint(text: str) -> int:
    """A simhash of 64 bits: similar texts differ in few of them."""
    words = _WORDS.findall(text.lower())[:WORD_LIMIT]
    pairs = [f"{one} {other}" for one, other in itertools.pairwise(words)]
    # One addition adds all 64 counters: each has 16 bits of one large number.
    total = 0
    for word in [*words, *pairs]:
        for place, byte in enumerate(blake2b(word.encode(), digest_size=8).digest()):
            total += _LANES[byte] << (128 * place)
    half = (len(words) + len(pairs)) / 2
    return sum(1 << bit for bit in range(64) if (total >> (16 * bit)) & 0xFFFF > half)


def are_similar(one: str, other: str) -> bool:
    """True for texts that differ only in a number or a word."""
    if one == other:
        return True
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.real_quick_ratio() >= ALIKE and match.quick_ratio() >= ALIKE and match.ratio() >= ALIKE


def _look_alike(one: str, other: str) -> bool:
    """A cheap first look: of four places of one text at least two are in the other."""
    step = max(1, len(one) // 5)
    return sum(one[place : place + 8] in other for place in range(step // 2, 4 * step, step)) >= 2


def _say_the_same(one: str, other: str, bits: int) -> bool:
    one, other = _DIGITS.sub("", normalise(one)), _DIGITS.sub("", normalise(other))
    if one == other:
        return True
    if len(_WORDS.findall(one)) < LEAST_WORDS:
        return False
    if (fingerprint(one) ^ fingerprint(other)).bit_count() <= bits:
        return True
    # In a short text one other word moves more bits than that.
    return max(len(one), len(other)) <= SHORT_CHARS and are_similar(one, other)


def _is_one_talk(kept: list[Answer], before: str, call: Call) -> bool:
    """A batch of unlike inputs may well get like answers; a conversation asks the same, or has its answers in it."""
    one, other = kept[-2], kept[-1]
    asked = call.input_payload
    if asked is None or asked.is_truncated or (one.asked and one.asked == other.asked):
        return True
    return before[:60] in asked.text
