"""Secrets and personal data that must never be kept. None is real; each is put together here, so that no scanner minds."""

from __future__ import annotations

from typing import NamedTuple

_LETTERS = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
_HEX = "0123456789abcdef" * 4
_LONG = _LETTERS * 3


class Canary(NamedTuple):
    """A text with something in it that must go."""

    rule: str
    text: str
    secret: str
    """The part that must not be left."""


def _key(rule: str, *parts: str) -> Canary:
    whole = "".join(parts)
    return Canary(rule, whole, whole)


def _in(rule: str, text: str, secret: str) -> Canary:
    return Canary(rule, text.format(secret), secret)


_PEM_BODY = "MIIEpAIBAAKCAQEA7Zq1\nk3vQ9s0d8fPz\n"

KEYS: tuple[Canary, ...] = (
    _key("anthropic_key", "sk-ant-", "api03-", _LETTERS),
    _key("openai_key", "sk-", _LONG[:48]),
    _key("openai_key", "sk-", "proj-", _LETTERS),
    _key("openai_key", "sk-", "svcacct-", _LETTERS),
    _key("openrouter_key", "sk-or-", "v1-", _HEX),
    _key("langfuse_key", "sk-lf-", "12345678-1234-1234-1234-123456789abc"),
    _key("google_key", "AIza", _LONG[:35]),
    _key("google_token", "ya29.", _LONG[:60]),
    _key("google_token", "GOCSPX-", _LETTERS[:28]),
    _key("aws_access_key", "AKIA", "IOSFODNN7EXAMPLE"),
    _key("aws_access_key", "ASIA", "IOSFODNN7EXAMPLE"),
    _key("aws_bedrock_key", "ABSK", _LONG[:60]),
    _key("azure_secret", "abc", "8Q~", _LONG[:34]),
    _key("github_token", "ghp_", _LONG[:36]),
    _key("github_token", "gho_", _LONG[:36]),
    _key("github_token", "github_pat_", _LONG[:60]),
    _key("gitlab_token", "glpat-", _LETTERS[:20]),
    _key("slack_token", "xoxb-", "123456789012-", _LETTERS[:24]),
    _key("slack_token", "xapp-", "1-A0123456789-", "1234567890123-", _HEX),
    _key("slack_webhook", "hooks.slack.com/", "services/T00000000/B00000000/", _LETTERS[:24]),
    _key("discord_webhook", "discord.com/", "api/webhooks/123456789012345678/", _LONG[:60]),
    _key("discord_token", "M", _LETTERS[:24], ".", "Xabcde", ".", _LETTERS[:30]),
    _key("telegram_token", "1234567890", ":AA", _LONG[:33]),
    _key("stripe_key", "sk_", "live_", _LETTERS[:24]),
    _key("stripe_key", "rk_", "test_", _LETTERS[:24]),
    _key("stripe_key", "whsec_", _LETTERS),
    _key("square_key", "sq0", "csp-", _LETTERS),
    _key("shopify_key", "shpat_", _HEX[:32]),
    _key("twilio_key", "SK", _HEX[:32]),
    _key("sendgrid_key", "SG.", _LETTERS[:22], ".", _LONG[:43]),
    _key("mailgun_key", "key-", _HEX[:32]),
    _key("mailchimp_key", _HEX[:32], "-us12"),
    _key("npm_token", "npm_", _LONG[:36]),
    _key("pypi_token", "pypi-", "AgEIcHlwaS5vcmc", _LETTERS),
    _key("rubygems_key", "rubygems_", _HEX[:48]),
    _key("docker_token", "dckr_", "pat_", _LETTERS[:27]),
    _key("huggingface_token", "hf_", _LONG[:34]),
    _key("groq_key", "gsk_", _LONG[:52]),
    _key("xai_key", "xai-", _LONG[:80]),
    _key("perplexity_key", "pplx-", _LONG[:48]),
    _key("replicate_token", "r8_", _LONG[:37]),
    _key("tavily_key", "tvly-", _LETTERS),
    _key("pinecone_key", "pcsk_", _LONG[:60]),
    _key("langsmith_key", "lsv2_", "pt_", _HEX[:32], "_", _HEX[:10]),
    _key("nvidia_key", "nvapi-", _LONG[:64]),
    _key("databricks_token", "dapi", _HEX[:32]),
    _key("digitalocean_token", "dop_", "v1_", _HEX),
    _key("grafana_token", "glsa_", _LETTERS, "_", _HEX[:8]),
    _key("newrelic_key", "NRAK-", "A1B2C3D4E5F6G7H8I9J0K1L2M3N"),
    _key("sentry_token", "sntrys_", _LONG[:60]),
    _key("posthog_key", "phx_", _LONG[:43]),
    _key("atlassian_token", "ATATT3", _LONG[:60]),
    _key("linear_key", "lin_", "api_", _LONG[:40]),
    _key("notion_token", "ntn_", _LONG[:46]),
    _key("airtable_token", "pat", _LETTERS[:14], ".", _HEX),
    _key("figma_token", "figd_", _LONG[:40]),
    _key("postman_key", "PMAK-", _HEX[:24], "-", _HEX[:34]),
    _key("supabase_key", "sbp_", _HEX[:40]),
    _key("planetscale_key", "pscale_", "tkn_", _LONG[:40]),
    _key("vault_token", "hvs.", _LETTERS),
    _key("terraform_token", _LETTERS[:14], ".atlasv1.", _LONG[:67]),
    _key("doppler_token", "dp.", "pt.", _LONG[:43]),
    _key("pulumi_token", "pul-", _HEX[:40]),
    _key("age_key", "AGE-SECRET-", "KEY-1", "Q" * 29 + "7" * 29),
    _key("jwt", "eyJhbGciOiJIUzI1NiJ9", ".", "eyJzdWIiOiIxMjM0NSJ9", ".", _LETTERS),
    _key("email", "bob.smith+news@example.co.uk"),
    _key("card", "4111111111111111"),
    _key("card", "378282246310005"),
    _key("card", "5555555555554444"),
    _key("iban", "DE89370400440532013000"),
    _key("iban", "GB29NWBK60161331926819"),
    _key("us_ssn", "123-45-6789"),
    _key("phone", "555-123-4567"),
)
"""Found wherever they stand."""

WRITTEN: tuple[Canary, ...] = (
    _key("private_key", "-----BEGIN RSA ", f"PRIVATE KEY-----\n{_PEM_BODY}-----END RSA PRIVATE KEY-----"),
    _key("private_key", "-----BEGIN OPENSSH ", f"PRIVATE KEY-----\n{_PEM_BODY}-----END OPENSSH PRIVATE KEY-----"),
    _key("private_key", "-----BEGIN ", f"PRIVATE KEY-----\n{_PEM_BODY}"),
    _key("private_key", "-----BEGIN PGP ", f"PRIVATE KEY BLOCK-----\n{_PEM_BODY}-----END PGP PRIVATE KEY BLOCK-----"),
    _key("card", "4111 1111 1111 1111"),
    _key("card", "4111-1111-1111-1111"),
    _key("iban", "DE89 3704 0044 0532 0130 00"),
    _key("phone", "+49 30 1234567"),
    _key("phone", "+14155552671"),
    _key("phone", "(555) 123-4567"),
    _in("phone", "phone: {}", "020 7946 0958"),
    _in("email", "mailto {}", "müller@exämple.de"),
    _in("bearer", "Authorization: Bearer {}", _LETTERS),
    _in("bearer", "curl -H 'authorization: bearer {}'", "abc123def456"),
    _in("basic_auth", "Authorization: Basic {}", "dXNlcjpwYXNzd29yZA=="),
    _in("authorization", "Authorization: Token {}", "9944b09199c62bcf9418"),
    _in("cookie", "Cookie: {}", "sid=31d4d96e407aad42; lang=en"),
    _in("cookie", "Set-Cookie: {}", "session_id=abc; HttpOnly"),
    _in("session", "GET /;JSESSIONID={}", "1A530637289A03B07199A44E8D531427"),
    _in("session", "https://b.s3.amazonaws.com/f?X-Amz-Signature={}", _HEX),
    _in("url_password", "postgres://bob:{}@db.local:5432/app", "hunter2"),
    _in("url_password", "mongodb+srv://bob:{}@cluster0.mongodb.net", "p@ss:w0rd"),
    _in("url_password", "https://{}@o1.ingest.sentry.io/2", _HEX[:32]),
    _in("url_password", "curl -u bob:{} https://x.test", "hunter2"),
    _in("secret", "password={}", "hunter2"),
    _in("secret", "DB_PASSWORD={}", "correcthorse"),
    _in("secret", 'api_key = "{}"', "correct horse battery staple"),
    _in("secret", "aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    _in("secret", "Server=db;User Id=sa;Password={};", "Str0ngPass"),
    _in("secret", "DefaultEndpointsProtocol=https;AccountKey={};", _LONG[:86] + "=="),
    _in("secret", "https://x.test/cb?access_token={}&state=1", "abcdef123456"),
    _in("secret", "Password: {}", "hunter2"),
    _in("secret", "the password is {}", "hunter22"),
    _in("secret", "deploy --api-token {}", "abc123def"),
    _in("secret", "{{'client_secret': '{}'}}", "s3cr3t value"),
    _in("secret", "X-Api-Key: {}", "1234567890abcdef"),
    _in("secret", "export OPENAI_API_KEY={}", "abcdef"),
)
"""Found by what stands around them."""

NEAR_MISSES: tuple[str, ...] = (
    "max_tokens=100",
    "max_tokens: 4096, total_tokens: 5000",
    '{"input_tokens": 1200, "output_tokens": 30, "prompt_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 0}}',
    "the token: a unit of text",
    "token count: 1500",
    "tokens: 15000",
    "next_page_token=CAUQAA12345",
    "eos_token: </s>",
    "pad_token='[PAD]'",
    "Cookie recipes for the holidays",
    "My favourite cookie: oatmeal",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "550e8400-e29b-41d4-a716-446655440000",
    "2025-01-31T12:34:56.789Z",
    "2025-01-31 12:34:56+0200",
    "1735689600000",
    "1735689600000000000",
    "order 4539-1488-0343-6468",
    "order 1234-5678-9012",
    "ORD-555-123-4567-89",
    "ticket #555-123-4567",
    "invoice 2024-555-123-4567",
    "0.4111111111111111",
    "3.141592653589793",
    "4111111111111112",
    "version 10.15.7.2 build 20240115",
    "000-12-3456",
    "git@github.com:acme/agent.git",
    "icon@2x.png",
    "@app.get('/users')",
    "pip install pkg@1.2.3",
    "npm install @scope/package",
    "http://localhost:8080/path",
    "https://medium.com/@user/article",
    "risk-adjusted-returns-of-the-portfolio-2024",
    "sk-learn-based-classification-pipeline",
    "task-force-on-agents-and-their-tools",
    "a bearer certificates market",
    "Basic understanding of the topic",
    "Password: required",
    "password=None",
    "password = getpass()",
    "token=self.token",
    "api_key=os.environ['API_KEY']",
    "secret: the key to success",
    "api_key=${API_KEY}",
    "author: Jane",
    "authority=high",
    "secretary: Bob",
    "passport control",
    "DE12 is a road",
    "pypi-mirror-configuration-file-name",
    "keyboard=qwerty123",
    "d41d8cd98f00b204e9800998ecf8427e",
    "127.0.0.1:8080",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
)
"""Look like secrets, and must stay."""
