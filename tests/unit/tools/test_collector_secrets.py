"""The collector's second line of redaction: credentials go, what the conventions name stays."""

from __future__ import annotations

import re

import pytest
import re2
import yaml

from foretell.semconv import genai, own
from tools.collector_secrets import HARMLESS, list_forms, list_key_patterns, list_known_names, render_secrets

SECRETS = {
    "Anthropic": "sk-ant-api03-" + "A1b2" * 8,
    "OpenAI": "sk-proj-" + "A1b2" * 8,
    "older OpenAI": "sk-" + "A1b2" * 10,
    "AWS": "AKIA" + "ABCD1234" * 2,
    "GitHub": "ghp_" + "a1B2" * 9,
    "header": "Bearer " + "a1B2c3D4" * 3,
    "in a URL": "postgres://me:s3cr3t@db/x",
    "written": 'api_key="abcdefgh12345678"',
    "Stripe": "rk_live_" + "a1B2" * 5,
    "Twilio": "SK" + "0a1b" * 8,
    "cookie": "Cookie: sid=abc; other=def",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
}
PLAIN_TEXTS = (
    "the bearer of good news",
    "https://example.org/a:b",
    "input_tokens: 1200",
    "ask for the basic plan",
    "gpt-4o",
)


@pytest.mark.parametrize("text", SECRETS.values(), ids=list(SECRETS))
def test_credentials_are_found_within_a_text(text: str) -> None:
    assert any(re2.search(form, f"see {text} here") for form in list_forms())


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_plain_text_is_left_alone(text: str) -> None:
    assert [] == [form for form in list_forms() if re2.search(form, text)]


@pytest.mark.parametrize(
    "name",
    ["http.request.header.authorization", "db.password", "api-key", "openai.api_key", "access_token", "x-api-key"],
)
def test_fields_that_hold_a_secret_are_masked_whatever_they_hold(name: str) -> None:
    (pattern,) = list_key_patterns()
    assert re2.search(pattern, name)


def test_no_name_of_the_conventions_is_masked() -> None:
    """A count of tokens is no secret."""
    names = {value for table in (genai, own) for value in vars(table).values() if isinstance(value, str)}
    assert "gen_ai.usage.input_tokens" in names
    (pattern,) = list_key_patterns()
    assert [] == [name for name in names if re2.search(pattern, name)]


def test_everything_else_passes() -> None:
    for processor in yaml.safe_load(render_secrets())["processors"].values():
        assert processor["allow_all_keys"]
        assert "allowed_keys" not in processor


def test_every_form_begins_with_fixed_letters() -> None:
    """Go finds these a hundred times faster."""
    assert [] == [form for form in list_forms() if not re.match(r"(?:[\w:/~-]|\\[.]){2}", form)]


@pytest.mark.parametrize("pattern", HARMLESS)
@pytest.mark.parametrize("text", SECRETS.values(), ids=list(SECRETS))
def test_what_is_let_through_at_once_holds_no_credential(pattern: str, text: str) -> None:
    assert not re.search(pattern, text)


@pytest.mark.parametrize("text", ["gpt-4o", "1200", "0.25", "0123456789abcdef", "chat", "execute_tool", ""])
def test_short_words_and_numbers_are_let_through_at_once(text: str) -> None:
    assert any(re.search(pattern, text) for pattern in HARMLESS)


def test_known_names_are_not_looked_at_twice() -> None:
    assert {"gen_ai.usage.input_tokens", "foretell.run.id"} <= set(list_known_names())


def test_the_collector_takes_no_dollar_for_a_variable() -> None:
    """`$$` is a dollar to it."""
    assert "$" not in render_secrets().replace("$$", "")
