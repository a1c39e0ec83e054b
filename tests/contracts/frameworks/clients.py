"""The contracts of clients and protocols."""

from __future__ import annotations

from tests.contracts.frameworks.contract import Contract, Family, Sort, fail


def _client(
    name: str,
    title: str,
    program: str,
    model: str,
    packages: tuple[str, ...],
    extras: tuple[str, ...] = (),
    **about: object,
) -> Contract:
    """A client whose two model calls are two runs: nobody says what belongs together."""
    integration = str(about.pop("integration", name))
    turns = f"llm {model}\nllm {model}"
    family = Family(str(about.pop("family", name)), packages, extras)
    return Contract(
        name,
        title,
        Sort.CLIENT,
        family,
        f"clients/{program}",
        turns,
        off=about.pop("off", (integration,)),  # type: ignore[arg-type]  # as below
        trees={"error": fail(turns, 1)},
        **about,  # type: ignore[arg-type]
    )


GEMINI_TURNS = "llm gemini-2.5-flash\ntool get_weather\nllm gemini-2.5-flash"
BEDROCK_MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
OPENAI = ("openai>=1.26,<4",)

CLIENTS = (
    _client("openai", "OpenAI chat completions", "openai_chat", "gpt-4o-mini", OPENAI, ("openai",)),
    _client(
        "openai-responses",
        "OpenAI responses",
        "openai_responses",
        "gpt-4o-mini",
        OPENAI,
        ("openai",),
        integration="openai",
        family="openai",
    ),
    _client(
        "anthropic",
        "Anthropic",
        "anthropic_messages",
        "claude-sonnet-4-5",
        ("anthropic>=0.51,<3",),
        ("anthropic",),
    ),
    Contract(
        "google-genai",
        "Google GenAI",
        Sort.CLIENT,
        Family("google-genai", ("google-genai>=1.32,<4",), ("google-genai",)),
        "clients/google_genai",
        GEMINI_TURNS,
        off=("google-genai",),
        trees={"error": fail(GEMINI_TURNS, 2)},
    ),
    _client(
        "bedrock",
        "Amazon Bedrock",
        "bedrock_converse",
        BEDROCK_MODEL,
        ("boto3>=1.40.46,<2",),
        ("bedrock",),
        cases=("plain", "stream", "error"),
    ),
    _client("mistral", "Mistral", "mistral_chat", "mistral-small-latest", ("mistralai>=2,<4",), ("mistral",)),
    _client("cohere", "Cohere", "cohere_chat", "command-a-03-2025", ("cohere>=5.13,<8",), ("cohere",)),
    _client("groq", "Groq", "groq_chat", "llama-3.3-70b-versatile", ("groq>=0.30,<2",), ("groq",)),
    _client("ollama", "Ollama", "ollama_chat", "llama3.2", ("ollama>=0.4,<1",), ("ollama",), is_priced=False),
    _client(
        "litellm",
        "LiteLLM",
        "litellm_completion",
        "gpt-4o-mini",
        ("litellm[mcp]>=1.80,<2",),
        ("litellm",),
        off=("litellm", "openai"),  # whose client it uses
    ),
)
