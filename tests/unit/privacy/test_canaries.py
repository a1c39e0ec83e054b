"""No secret is kept, in whatever position it stands; what only looks like one stays."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from foretell.privacy.redactor import Redactor
from tests.unit.privacy.canaries import KEYS, NEAR_MISSES, WRITTEN, Canary

ALL = KEYS + WRITTEN


def name(canary: Canary | str) -> str:
    """A short id for a report."""
    return canary.rule if isinstance(canary, Canary) else canary[:20]


def keep(redactor: Redactor, value: Any) -> tuple[str, dict[str, int]]:
    """What is left of a value, as text without escapes, and the rules that matched."""
    redacted = redactor.redact_values([value])[0]
    return json.dumps(redacted.value, ensure_ascii=False), dict(redacted.counts)


def test_there_are_more_than_sixty_kinds() -> None:
    """The list is long enough to mean something."""
    assert len({canary.rule for canary in ALL}) > 60


@pytest.mark.parametrize("canary", ALL, ids=name)
class TestNoSecretIsKept:
    """One canary in all positions."""

    def test_in_text(self, redactor: Redactor, canary: Canary) -> None:
        """Between words, where the text names the rule that took it out."""
        kept, counts = redactor.redact_text(f"before {canary.text} after")

        assert canary.secret not in kept
        assert canary.rule in counts
        assert f"[redacted:{canary.rule}]" in kept
        assert kept.startswith("before ")

    def test_alone(self, redactor: Redactor, canary: Canary) -> None:
        """With nothing around it."""
        assert canary.secret not in redactor.redact_text(canary.text)[0]

    def test_in_a_nested_value(self, redactor: Redactor, canary: Canary) -> None:
        """Deep inside mappings and lists, beside text that stays."""
        kept, counts = keep(redactor, {"a": [{"b": ["fine", canary.text]}], "c": 1})

        assert json.dumps(canary.secret, ensure_ascii=False)[1:-1] not in kept
        assert canary.rule in counts
        assert "fine" in kept

    def test_in_a_key(self, redactor: Redactor, canary: Canary) -> None:
        """As the key of a mapping."""
        kept, _ = keep(redactor, {canary.text: 1})

        assert json.dumps(canary.secret, ensure_ascii=False)[1:-1] not in kept

    def test_in_json_in_a_string(self, redactor: Redactor, canary: Canary) -> None:
        """In a document that is itself a string, as tool arguments are."""
        redacted = redactor.redact_values([{"arguments": json.dumps({"query": canary.text, "k": 3})}])[0]
        inner = json.loads(redacted.value["arguments"])

        assert canary.secret not in inner["query"]
        assert 3 == inner["k"]

    def test_in_json_inside_prose(self, redactor: Redactor, canary: Canary) -> None:
        """In escaped JSON that does not parse, right behind an escape."""
        text = "Result: " + json.dumps({"note": f"line\n{canary.text}\nend"}, ensure_ascii=False) + " so."
        kept, _ = redactor.redact_text(text)

        assert json.dumps(canary.secret, ensure_ascii=False)[1:-1] not in kept
        assert kept.endswith(" so.")

    def test_twice_escaped(self, redactor: Redactor, canary: Canary) -> None:
        """In JSON in JSON in a string."""
        document = json.dumps({"a": json.dumps({"b": f"x\n{canary.text}"})})
        kept, _ = keep(redactor, {"body": document})

        while json.dumps(canary.secret)[1:-1] != canary.secret and "\\\\" in kept:
            kept = kept.replace("\\\\", "\\")
        assert canary.secret not in kept
        assert json.dumps(canary.secret, ensure_ascii=False)[1:-1] not in kept

    def test_in_a_header(self, redactor: Redactor, canary: Canary) -> None:
        """In a mapping of headers, and in a header's line."""
        mapping, _ = keep(redactor, {"headers": {"X-Thing": canary.text}, "raw": [["X-Thing", canary.text]]})
        line, _ = redactor.redact_text(f"Host: x\r\nX-Thing: {canary.text}\r\n\r\n")

        assert json.dumps(canary.secret, ensure_ascii=False)[1:-1] not in mapping
        assert canary.secret not in line

    def test_in_unicode_escapes(self, redactor: Redactor, canary: Canary) -> None:
        """With its first characters written as escapes in a string."""
        letters = "".join(f"\\u{ord(c):04x}" if c.isascii() and c not in '"\\\n' else c for c in canary.text)
        kept, _ = redactor.redact_text(f"before {letters} after")

        assert "[redacted:" in kept


@pytest.mark.parametrize("canary", [canary for canary in KEYS if quote(canary.text) == canary.text], ids=name)
def test_no_secret_is_kept_in_a_url(redactor: Redactor, canary: Canary) -> None:
    """As a parameter, as a part of the path and behind an escape."""
    for url in ("https://h.test/a?q={}&b=1", "https://h.test/{}", "https://h.test/a?next=b%3Fq%3D{}"):
        kept, _ = redactor.redact_text("see " + url.format(canary.text))

        assert canary.secret not in kept
        assert kept.startswith("see https://h.test/")


@pytest.mark.parametrize("text", NEAR_MISSES, ids=name)
class TestNearMissesStay:
    """What only looks like a secret."""

    def test_as_text(self, redactor: Redactor, text: str) -> None:
        """Alone and between words."""
        assert (text, {}) == redactor.redact_text(text)
        assert (f"see {text} there", {}) == redactor.redact_text(f"see {text} there")

    def test_in_a_value(self, redactor: Redactor, text: str) -> None:
        """In a mapping; the value comes back as it was."""
        value = {"note": text, "list": [text]}

        assert value is redactor.redact_values([value])[0].value or value == redactor.redact_values([value])[0].value
