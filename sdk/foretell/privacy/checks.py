"""What a pattern cannot say: check digits, and whether a word that looks like a secret is one."""

from __future__ import annotations

import binascii
from base64 import b64decode

_NO_SECRETS = frozenset({
    "none", "null", "nil", "true", "false", "undefined", "empty", "string", "str", "int", "bool", "text", "optional",
    "required", "hidden", "redacted", "your", "todo",
})  # fmt: skip
_CODE_STARTS = ("$", "{", "<", "%(", "*", "[", "os.", "process.", "env.", "self.", "this.", "config.", "settings.")
_VARIABLES = frozenset(
    ("password", "passwd", "pwd", "secret", "token", "apikey", "key", "auth", "accesstoken", "authtoken")
)
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")


def has_digit(text: str) -> bool:
    """Tell a random key from hyphenated words."""
    return any(character.isdigit() for character in text)


def is_bearer(text: str) -> bool:
    """Tell a token behind `Bearer` from a sentence about bearers."""
    return has_digit(text) or len(text) >= 24


def is_basic(text: str) -> bool:
    """Tell `user:password` in base64 behind `Basic` from a sentence about basics."""
    try:
        return b":" in b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def is_email(text: str) -> bool:
    """Leave out SSH addresses (`git@host`) and file names such as `icon@2x.png`."""
    lowered = text.lower()
    return not lowered.startswith(("git@", "git%40")) and not lowered.endswith(_IMAGE_ENDINGS)


def is_phone(text: str) -> bool:
    """Tell by the count of digits."""
    return sum(character.isdigit() for character in text) >= 8


def is_card(text: str) -> bool:
    """Tell a card number by its length and its Luhn digit."""
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Tell a bank account by ISO 7064 mod 97."""
    plain = "".join(character for character in text if character.isalnum()).upper()
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def is_ssn(text: str) -> bool:
    """Leave out areas, groups and serials that are never given out."""
    area, group, serial = (int(part) for part in text.split("-"))
    return area not in (0, 666) and area < 900 and group != 0 and serial != 0


def is_written_secret(value: str) -> bool:
    """Tell a secret after `password:` from a placeholder, an expression or a reference."""
    word = value.strip("\"'`").lower()
    if not word or word in _NO_SECRETS or word.startswith(_CODE_STARTS):
        return False
    return not ("(" in word or word.strip("*.x-•") == "")


def is_random(value: str) -> bool:
    """Tell a secret from a word of prose: a digit in it, or longer than words are."""
    return len(value) >= 16 or (len(value) >= 6 and has_digit(value) and not value.isdigit())


def is_assigned_secret(value: str) -> bool:
    """Tell a secret after `password=` from code that passes a variable of that name on."""
    word = "".join(character for character in value.lower() if character.isalpha())
    return is_written_secret(value) and word not in _VARIABLES and "self." not in value


def is_said_secret(value: str) -> bool:
    """Tell a secret after `Password:` or `the password is` from a sentence."""
    return is_written_secret(value) and is_random(value.rstrip(".,!?)")) and "://" not in value
