"""Names under which secrets are kept in mappings: the whole value goes, whatever it looks like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SECRET_WORDS: tuple[str, ...] = (
    "pass word", "pass wd", "pass phrase", "pass code", "pwd", "secret", "secret key", "api key", "api secret",
    "access key", "secret access key", "private key", "account key", "shared access key", "shared access signature",
    "signing key", "encryption key", "master key", "subscription key", "auth key", "service key",
    "access token", "auth token", "refresh token", "id token", "session token", "security token", "bearer token", "token",
    "client secret", "connection string", "credential",
)  # fmt: skip
"""Words that end the name of a secret in mappings and in written assignments; a blank is any separator or none."""

_PLURALS = (
    "passwords", "secrets", "api keys", "access keys", "private keys", "access tokens", "auth tokens", "refresh tokens",
    "api tokens", "credentials",
)  # fmt: skip
_MAPPING_ONLY = (
    "authorization", "proxy authorization", "auth", "basic auth", "cookie", "cookies", "cookie jar", "set cookie",
    "ssn", "social security number", "social security no", "tax id", "national id", "passport number", "passport no",
    "credit card", "credit card number", "card number", "card no", "cvv", "cvc", "cvv2", "security code", "pin", "pin code",
    "otp", "totp", "one time password", "iban", "account number", "routing number", "password hash", "passwd hash",
)  # fmt: skip
_COOKIES = frozenset({"cookie", "cookies", "cookiejar", "setcookie"})
_EXACT_ONLY = frozenset({"auth", "pin", "otp", "totp", "cvv", "cvc", "iban"})
_HARMLESS_STARTS = (
    "next", "prev", "previous", "page", "nextpage", "continuation", "pagination", "sync", "eos", "bos", "pad", "unk", "sep",
    "cls", "mask", "stop", "special", "cancellation", "max", "min", "num", "first", "last", "image", "per",
)  # fmt: skip
_COUNTED = (
    "token", "cookie", "cookies", "credential", "credentials", "secrets", "accesstokens", "apikeys", "auth", "passwords",
)  # fmt: skip


def spell(words: Iterable[str]) -> str:
    """Return a pattern for the words in any spelling: `api_key`, `API-Key`, `apiKey`. Longest first."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(word.replace(" ", r"[ _.\-]?") for word in ordered)


def flatten(key: str) -> str:
    """Return a key in lower case without separators, the form in which keys are compared."""
    return "".join(character for character in key.lower() if character.isalnum())


class SecretKeys:
    """Tells by its name whether a mapping's value is a secret."""

    __slots__ = ("_endings", "_exact", "_seen", "sieve")

    def __init__(self, extra_keys: Iterable[str] = ()) -> None:
        """Know the usual names and `extra_keys`."""
        extra = tuple(extra_keys)
        words = (*SECRET_WORDS, *_PLURALS, *_MAPPING_ONLY)
        flat = {flatten(word) for word in words}
        self._endings = tuple(flat - _EXACT_ONLY)
        self._exact = frozenset(_EXACT_ONLY) | {flatten(key) for key in extra}
        self._seen: dict[str, bool] = {}
        spelled = spell({word.replace("?", "") for word in words})
        # In JSON a key ends with a quote, which is escaped where JSON stands in a string.
        extras = "".join("|" + r"[^A-Za-z0-9\"\\]{0,3}".join(flatten(key)) for key in extra if flatten(key).isascii())
        self.sieve = rf"(?i:{spelled}{extras})[^A-Za-z0-9\"\\]{{0,3}}\\*\""

    def holds_secret(self, key: str, value: Any) -> bool:  # Any: JSON-like
        """Tell whether the whole value under this key must go. Truths, nothing and counts may stay."""
        known = self._seen.get(key)
        if known is None:
            if len(self._seen) > 10_000:
                self._seen.clear()
            known = self._seen[key] = self._is_secret(flatten(key))
        return known and self._is_worth_hiding(flatten(key), value)

    def _is_secret(self, flat: str) -> bool:
        if flat in self._exact:
            return True
        if not flat.endswith(self._endings):
            return False
        return not (flat.endswith("token") and flat[:-5] in _HARMLESS_STARTS)

    def _is_worth_hiding(self, flat: str, value: Any) -> bool:
        kind = type(value)
        if value is None or kind is bool or value in ("", [], {}):
            return False
        if kind is int or kind is float:
            return not flat.endswith(_COUNTED)
        if kind is str:
            if flat in _COOKIES or flat.endswith("cookie"):
                return "=" in value or " " not in value.strip()
            if flat.endswith("pwd"):
                return not value.startswith(("/", "~", "C:\\"))
        return True
