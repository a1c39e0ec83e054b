"""Rules for personal data. Those in OPTIONAL_RULES are off: technical text is full of what they match."""

from __future__ import annotations

from collections.abc import Callable

from foretell.privacy import checks
from foretell.privacy.rules import GAP, Rule

# A number is not part of a longer one, of an id with hyphens, or of a decimal fraction.
_NUMBER_START = r"(?:^|[^A-Za-z0-9_.+\-#]|\\[nrt]|%[0-9A-Fa-f]{2})"
_NUMBER_END = r"(?:$|[^A-Za-z0-9_\-]|-(?:$|[^A-Za-z0-9]))"

_EMAIL = r"[A-Za-z0-9._%+\x80-\xff\-]+(?:@|%40)(?:[A-Za-z0-9\x80-\xff][A-Za-z0-9\x80-\xff\-]*\.)+[A-Za-z]{2,}"
# A letter beyond ASCII is an escape in JSON that was written by others.
_EMAIL_SIEVE = r"[A-Za-z0-9._%+\x80-\xff\-](?:@|%40)(?:[A-Za-z0-9\x80-\xff\\][A-Za-z0-9\x80-\xff\\\-]*\.)+[A-Za-z]"
_INTERNATIONAL = r"(?:\+|%2[Bb])[1-9][0-9]{0,2}(?:[ .\-]?\(?[0-9]{1,4}\)?){2,6}"
_AMERICAN = r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.\-])[0-9]{3}[.\-][0-9]{4}"
_LABELLED = (
    rf"(?i:phone|telephone|mobile|cell|fax|whatsapp|\btel)(?i:[_ ]?number|[_ ]?no\.?)?[\"'\\]{{0,6}}{GAP}?[:=]?{GAP}?"
    r"(?:is )?[\"'\\]{0,6}(\(?[0-9][0-9 ().\-]{5,14}[0-9])"
)
_CARD = (
    r"(?:4|5[1-5]|2[2-7]|6)[0-9]{2,3}(?:[ \-]?[0-9]{4}){3}(?:[0-9]{3})?"
    r"|3[47][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{5}|3[0689][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{4}"
)
_SSN = r"[0-9]{3}-[0-9]{2}-[0-9]{4}"

# ISO 13616: a country's accounts all have one length.
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH CR HR LI LV",
    22: "BG BH DE GB GE IE ME RS", 23: "AE GI IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LC ST PT",
    26: "IS TR", 27: "FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU",
    31: "MT SC",
}  # fmt: skip
_IBAN = "|".join(
    rf"(?:{countries.replace(' ', '|')})[0-9]{{2}}(?:[ \-]?[A-Z0-9]){{{length - 4}}}"
    for length, countries in _IBAN_COUNTRIES.items()
)

_IBAN_SIEVE = rf"(?:{'|'.join(_IBAN_COUNTRIES.values()).replace(' ', '|')})[0-9]{{2}}(?:[ \-]?[A-Z0-9]){{11}}"


def _number(id: str, core: str, check: Callable[[str], bool] | None = None, sieve: str | None = None) -> Rule:
    return Rule(id, f"{_NUMBER_START}({core}){_NUMBER_END}", check=check, sieve=sieve or core)


PERSONAL_RULES: tuple[Rule, ...] = (
    Rule("email", rf"(?:\\[nrt])?({_EMAIL})", check=checks.is_email, sieve=_EMAIL_SIEVE),
    _number("iban", _IBAN, checks.is_iban, _IBAN_SIEVE),
    _number("card", _CARD, checks.is_card),
    _number("us_ssn", _SSN, checks.is_ssn),
    _number("phone", _INTERNATIONAL, checks.is_phone, r"(?:\+|%2[Bb])[1-9](?:[ .\-()]{0,3}[0-9]){7}"),
    _number("phone", _AMERICAN),
    Rule("phone", _LABELLED, check=checks.is_phone, sieve=_LABELLED),
)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IPV6 = (
    r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,6}:(?:[0-9A-Fa-f]{1,4}:){0,5}[0-9A-Fa-f]{1,4}"
)

OPTIONAL_RULES: tuple[Rule, ...] = (
    _number("ipv4", _IPV4),
    _number("ipv6", _IPV6),
    _number("mac_address", r"[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5}"),
)
