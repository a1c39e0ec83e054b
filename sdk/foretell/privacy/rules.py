r"""The form of a redaction rule, and the list of all built-in ones.

Patterns are in RE2 syntax: linear time, no look-around, no back-references. They read text as it stands in JSON too, where
a newline is `\n` and a quote `\"`, once or several times escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must not be kept, how to find it, and what to write in its place."""

    id: str
    pattern: str
    """Where it has groups, only the first group that took part in the match is replaced."""
    replacement: str | None = None
    """None means `[redacted:<id>]`."""
    check: Callable[[str], bool] | None = None
    """Called with the whole match; False leaves it alone. For what a pattern cannot say, such as check digits."""
    sieve: str | None = None
    """A pattern that matches the *JSON* of every text in which `pattern` matches, and may match more.

    With it a text without matches costs nothing extra. None: worked out where the pattern is plain enough,
    else every text is read piece by piece.
    """

    @property
    def text(self) -> str:
        """What is written in place of a match."""
        return f"[redacted:{self.id}]" if self.replacement is None else self.replacement


START = r"(?:\b|\\[nrtbf]|%[0-9A-Fa-f]{2})"
"""A word begins here, even behind an escape (`\\n`, `%3D`) whose last character is a letter."""
GAP = r"(?:[ \t\r\n]|\\+[nrt])"
"""White space, as it is or as an escape."""


def list_default_rules() -> tuple[Rule, ...]:
    """Return the rules that are on unless disabled: credentials first, then personal data."""
    from foretell.privacy.personal import PERSONAL_RULES
    from foretell.privacy.secrets import SECRET_RULES

    return (*SECRET_RULES, *PERSONAL_RULES)
