"""The collector's second line of redaction: credentials go, what the conventions name stays."""

from __future__ import annotations

import pytest
import re2
import yaml

from foretell.semconv import genai, own
from tools.collector_secrets import list_forms, list_key_patterns, render_secrets

SECRETS = {
    "Anthropic": "sk-ant-api03-" + "A1b2" * 8,
    "OpenAI": "sk-proj-" + "A1b2" * 8,
    "older OpenAI": "sk-" + "A1b2" * 10,
    "AWS": "AKIA" + "ABCD1234" * 2,
    "GitHub": "ghp_" + "a1B2" * 9,
    "header": "Bearer " + "a1B2c3D4" * 3,
    "in a URL": "postgres://me:s3cr3t@db/x",
    "written": 'api_key="abcdefgh12345678"',
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
}
HARMLESS = (
    "the bearer of good news",
    "https://example.org/a:b",
    "input_tokens: 1200",
    "ask for the basic plan",
    "gpt-4o",
)


@pytest.mark.parametrize("text", SECRETS.values(), ids=list(SECRETS))
def test_credentials_are_found_within_a_text(text: str) -> None:
    assert any(re2.search(form, f"see {text} here") for form in list_forms())


@pytest.mark.parametrize("text", HARMLESS)
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
    processor = yaml.safe_load(render_secrets())["processors"]["redaction/secrets"]
    assert processor["allow_all_keys"]
    assert "allowed_keys" not in processor


def test_the_collector_takes_no_dollar_for_a_variable() -> None:
    """`$$` is a dollar to it."""
    assert "$" not in render_secrets().replace("$$", "")
