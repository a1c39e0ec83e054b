"""Rules for credentials: keys that services give out, private keys, tokens in headers and URLs, written passwords."""

from __future__ import annotations

from collections.abc import Callable

from foretell.privacy import checks
from foretell.privacy.keys import SECRET_WORDS, spell
from foretell.privacy.rules import GAP, START, Rule

# Id and form of what services give out; the form alone is the sieve.
_SERVICE_KEYS: tuple[tuple[str, str], ...] = (
    ("anthropic_key", r"sk-ant-[A-Za-z0-9_\-]{16,}"),
    ("openrouter_key", r"sk-or-[A-Za-z0-9_\-]{20,}"),
    ("langfuse_key", r"[sp]k-lf-[A-Za-z0-9\-]{20,}"),
    ("openai_key", r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_\-]{20,}"),
    ("google_key", r"AIza[A-Za-z0-9_\-]{30,}"),
    ("google_token", r"ya29\.[A-Za-z0-9_\-]{20,}|GOCSPX-[A-Za-z0-9_\-]{20,}|1//0[A-Za-z0-9_\-]{30,}"),
    ("aws_access_key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    ("aws_bedrock_key", r"ABSK[A-Za-z0-9+/]{40,}={0,2}"),
    ("azure_secret", r"[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34}"),
    ("github_token", r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}"),
    ("gitlab_token", r"gl(?:pat|dt|rt|oas|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_\-]{20,}|GR1348941[A-Za-z0-9_\-]{20,}"),
    ("slack_token", r"xox[abceoprs]-[A-Za-z0-9\-]{10,}|xapp-[0-9]-[A-Za-z0-9\-]{20,}"),
    ("slack_webhook", r"hooks\.slack\.com(?:\\*/)(?:services|workflows|triggers)(?:\\*/)[A-Za-z0-9_/\\\-]{20,}"),
    ("discord_webhook", r"discord(?:app)?\.com(?:\\*/)api(?:\\*/)webhooks(?:\\*/)[0-9]+(?:\\*/)[A-Za-z0-9_\-]{20,}"),
    ("discord_token", r"[MNO][A-Za-z0-9_\-]{23,25}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,}"),
    ("telegram_token", r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}"),
    ("stripe_key", r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{20,}"),
    ("square_key", r"sq0[a-z]{3}-[A-Za-z0-9_\-]{22,}"),
    ("shopify_key", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    ("twilio_key", r"(?:SK|AC)[0-9a-f]{32}"),
    ("sendgrid_key", r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}"),
    ("mailgun_key", r"key-[0-9a-f]{32}"),
    ("mailchimp_key", r"[0-9a-f]{32}-us[0-9]{1,2}"),
    ("npm_token", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi_token", r"pypi-AgE[A-Za-z0-9_\-]{20,}"),
    ("rubygems_key", r"rubygems_[a-f0-9]{48}"),
    ("docker_token", r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,}"),
    ("huggingface_token", r"hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,}"),
    ("groq_key", r"gsk_[A-Za-z0-9]{40,}"),
    ("xai_key", r"xai-[A-Za-z0-9]{60,}"),
    ("perplexity_key", r"pplx-[A-Za-z0-9]{40,}"),
    ("replicate_token", r"r8_[A-Za-z0-9]{30,}"),
    ("tavily_key", r"tvly-[A-Za-z0-9_\-]{20,}"),
    ("pinecone_key", r"pcsk_[A-Za-z0-9_]{40,}"),
    ("langsmith_key", r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    ("nvidia_key", r"nvapi-[A-Za-z0-9_\-]{40,}"),
    ("e2b_key", r"e2b_[a-f0-9]{40}"),
    ("databricks_token", r"dapi[a-f0-9]{32}"),
    ("digitalocean_token", r"do[opr]_v1_[a-f0-9]{64}"),
    ("heroku_key", r"HRKU-[A-Za-z0-9_\-]{36,}"),
    ("fly_token", r"fo1_[A-Za-z0-9_\-]{43}|fm[12][ar]?_[A-Za-z0-9+/=]{40,}"),
    ("grafana_token", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/=]{32,}"),
    ("newrelic_key", r"NRAK-[A-Z0-9]{27}"),
    ("sentry_token", r"sntry[su]_[A-Za-z0-9+/=_\-]{40,}"),
    ("posthog_key", r"ph[cx]_[A-Za-z0-9]{32,}"),
    ("atlassian_token", r"AT(?:ATT|CTT)3[A-Za-z0-9_=\-]{20,}"),
    ("linear_key", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    ("notion_token", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}"),
    ("airtable_token", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("figma_token", r"figd_[A-Za-z0-9_\-]{40,}"),
    ("postman_key", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("supabase_key", r"sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_\-]{20,}"),
    ("planetscale_key", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.\-]{30,}"),
    ("vault_token", r"hv[sbr]\.[A-Za-z0-9_\-]{20,}"),
    ("terraform_token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,}"),
    ("doppler_token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.\-]{40,}"),
    ("pulumi_token", r"pul-[a-f0-9]{40}"),
    ("age_key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("jwt", r"eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]{8,}){2,4}|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.?"),
)
# Forms that begin with anything would have the search remember each place of a long base64 text: it looks for a later
# part of them instead.
_SIEVES = {
    "terraform_token": r"\.atlasv1\.",
    "discord_token": r"\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27}",
    "telegram_token": r"[0-9]:AA[A-Za-z0-9_\-]{33}",
    "mailchimp_key": r"[0-9a-f]{2}-us[0-9]",
    "airtable_token": r"\.[a-f0-9]{64}",
    "azure_secret": r"[0-9]Q~[A-Za-z0-9_~.\-]{31}",
}

_QUOTE = r"[\"'\\]{0,6}"
_WORDS = spell(SECRET_WORDS)
# Cursors and special tokens of a tokenizer are no secrets. No group: a match of this branch is left alone.
_HARMLESS = (
    r"(?:next|prev|previous|page|continuation|pagination|sync|eos|bos|pad|unk|sep|cls|mask|stop|special|cancellation)"
    rf"[_\-]?(?:page)?[_\-]?token{_QUOTE}{GAP}*[:=]{GAP}*{_QUOTE}[^\s\"'\\,;&]*"
)
_VALUE = r"\"([^\"\\\r\n]+)|\\+\"([^\"\\\r\n]+)|'([^'\\\r\n]+)|\\+'([^'\\\r\n]+)"
_BARE_VALUE = r"[^\s\"'\\,;&<>{}\[\]]"
# `password=…` without a space is a setting, an argument or a query: nearly anything counts.
_ASSIGNED = rf"(?i){_HARMLESS}|(?:{_WORDS})[\"'\\\]]{{0,6}}(?:=|%3D)({_BARE_VALUE}+)"
_QUOTED = rf"(?i){_HARMLESS}|(?:{_WORDS})[\"'\\\]]{{0,6}}{GAP}*(?:[:=]>?|:=){GAP}*(?:{_VALUE})"
# `Password: …` may be a sentence: only what looks random counts.
_SAID = rf"(?i){_HARMLESS}|(?:{_WORDS})[\"'\\\]]{{0,6}}(?:{GAP}*[:=]>?{GAP}*|{GAP}+(?:is|was):?{GAP}+)({_BARE_VALUE}+)"
_OPTION = rf"(?i)--[a-z\-]{{0,24}}(?:{_WORDS})(?:{GAP}+|=)[\"'\\]{{0,6}}({_BARE_VALUE}+)"

# What precedes the value in all of these; the value itself may be written in escapes.
_WRITTEN = rf"(?i)(?:{_WORDS})[\"'\\\]]{{0,6}}(?:{GAP}*[:=]|%3D|{GAP}+(?:is|was))"

_SLASHES = r"(?:\\*/){2}"
_URL_PASSWORD = rf"[A-Za-z][A-Za-z0-9+.\-]*:{_SLASHES}[^\s/:@\"'\\<>]*:([^\s/\"'\\<>]+)@"
_URL_USER = rf"[A-Za-z][A-Za-z0-9+.\-]*:{_SLASHES}([^\s/:@\"'\\<>]{{20,}})@"
_PEM = r"-----BEGIN[A-Z0-9 ]{0,40} PRIVATE KEY(?: BLOCK)?-----"
_PEM_WHOLE = (
    rf"{_PEM}(?s:.*?)-----END[A-Z0-9 ]{{0,40}} PRIVATE KEY(?: BLOCK)?-----"
    rf"|{_PEM}(?:[A-Za-z0-9+/=:,.\-]|{GAP})*"
)
_AUTHORIZATION = (
    rf"(?i)authorization{_QUOTE}{GAP}*[:=]{GAP}*{_QUOTE}(?:[A-Za-z][A-Za-z0-9\-]*{GAP}+)?((?:[^\s\"'\\,;]){{6,}})"
)
_COOKIE = rf"(?i)cookie2?{_QUOTE}{GAP}*[:=]{GAP}*{_QUOTE}([A-Za-z0-9_.%\-]+=[^\"'\r\n\\]+)"
_SESSION = (
    r"(?i)(?:j?sessionid|phpsessid|asp\.net_sessionid|connect\.sid|laravel_session|x-amz-security-token"
    r"|x-amz-signature|x-goog-signature|(?:[?&]|\\u0026)sig(?:nature)?)(?:=|%3D)([A-Za-z0-9%._~+/\-]{12,}=*)"
)
_CURL_USER = rf"(?:\s-u|--user|--proxy-user)(?:{GAP}+|=)[\"'\\]{{0,6}}[^\s:\"'\\]+:([^\s\"'\\]+)"


def _context(id: str, pattern: str, check: Callable[[str], bool] | None = None) -> Rule:
    return Rule(id, pattern, check=check, sieve=pattern)


SECRET_RULES: tuple[Rule, ...] = (
    Rule("private_key", _PEM_WHOLE, sieve=_PEM),
    *(Rule(id, f"{START}({form})", sieve=_SIEVES.get(id, form)) for id, form in _SERVICE_KEYS),
    Rule("openai_key", START + r"(sk-[A-Za-z0-9_\-]{20,})", check=checks.has_digit, sieve=r"sk-[A-Za-z0-9_\-]{20}"),
    _context("bearer", rf"(?i)bearer(?:{GAP}|%20|\+)+([A-Za-z0-9._~+/\-]{{8,}}=*)", checks.is_bearer),
    _context("basic_auth", rf"(?i)basic(?:{GAP}|%20|\+)+([A-Za-z0-9+/]{{8,}}={{0,2}})", checks.is_basic),
    _context("authorization", _AUTHORIZATION, checks.is_written_secret),
    _context("cookie", _COOKIE),
    _context("session", _SESSION),
    _context("url_password", _URL_PASSWORD, checks.is_written_secret),
    _context("url_password", _URL_USER),
    _context("url_password", _CURL_USER, checks.is_written_secret),
    Rule("secret", _QUOTED, check=checks.is_written_secret, sieve=_WRITTEN),
    Rule("secret", _ASSIGNED, check=checks.is_assigned_secret, sieve=_WRITTEN),
    Rule("secret", _SAID, check=checks.is_said_secret, sieve=_WRITTEN),
    _context("secret", _OPTION, checks.is_written_secret),
)
