"""The redactor that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foretell.errors import SettingError

if TYPE_CHECKING:
    from foretell.privacy.redactor import Redactor
    from foretell.settings import Settings


def make_redactor(settings: Settings, functions: Sequence[Callable[[str], str]] = ()) -> Redactor:
    """All rules unless switched off, and the user's own: patterns, key names, allowed texts, functions.

    A pattern that RE2 cannot read raises SettingError.
    """
    from foretell.privacy.matching import InvalidRule
    from foretell.privacy.redactor import Redactor
    from foretell.privacy.rules import Rule, list_default_rules

    off = settings.redaction_off if settings.redaction else (*(rule.id for rule in list_default_rules()), "secret")
    try:
        return Redactor(
            [Rule(name, pattern) for name, pattern in settings.redaction_patterns.items()],
            disabled=off,
            hooks=functions,
            extra_keys=settings.redaction_keys,
            allowed=settings.redaction_allowed,
        )
    except InvalidRule as error:
        raise SettingError(f"{error}\nSet redaction_patterns to patterns in RE2's syntax (no look-around).") from error
