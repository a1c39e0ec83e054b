"""Find a model in the price list that ships with the package `genai-prices`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timezone
from typing import Any

from foretell.cost.rates import Ladder, read_listed

SOURCE = "genai-prices"

# Our words (the conventions' `gen_ai.provider.name`, and what people type) to the list's.
PROVIDER_IDS = {
    "gcp.gen_ai": "google", "gcp.vertex_ai": "google", "gcp.gemini": "google", "vertex_ai": "google",
    "vertexai": "google", "vertex": "google", "gemini": "google", "google_genai": "google",
    "google_vertexai": "google", "google-genai": "google", "google-vertex": "google",
    "azure.ai.inference": "azure", "azure.ai.openai": "azure", "az.ai.inference": "azure", "az.ai.openai": "azure",
    "azure_openai": "azure", "azure_ai": "azure",
    "aws.bedrock": "aws", "bedrock": "aws", "aws_bedrock": "aws", "bedrock_converse": "aws", "amazon_bedrock": "aws",
    "x_ai": "x-ai", "xai": "x-ai",
    "mistral_ai": "mistral", "mistralai": "mistral",
    "moonshot_ai": "moonshotai", "moonshot": "moonshotai",
    "fireworks_ai": "fireworks", "fireworks-ai": "fireworks",
    "together_ai": "together", "together-ai": "together", "togetherai": "together",
    "cohere_chat": "cohere", "voyage": "voyageai", "github_copilot": "github-copilot",
}  # fmt: skip

# Their work is paid for in electricity, not per token; a price file can say what that is worth.
LOCAL_PROVIDERS = frozenset(
    {"ollama", "ollama_chat", "llama.cpp", "llamacpp", "lm_studio", "lmstudio", "local", "vllm"}
)

# Whose models only they serve, or serve at one price: their names tell the price even where nobody named the provider.
# Open weights (Mistral's, DeepSeek's ...) run anywhere, at any price.
SOLE_MAKERS = frozenset({"openai", "anthropic", "google", "x-ai", "perplexity", "voyageai"})

# Where a model's name may begin with whom the call goes on to, as in LiteLLM's `bedrock/us.amazon.nova-lite-v1:0`.
GATEWAYS = frozenset({"litellm", "openrouter", "vercel", "ai_gateway", "portkey", "helicone"})
ROUTES = SOLE_MAKERS | {
    "gemini", "vertex_ai", "azure", "azure_ai", "bedrock", "xai", "groq", "mistral", "deepseek", "cohere",
    "together_ai", "fireworks_ai", "cerebras", "moonshot", "openrouter",
}  # fmt: skip
"""Not `mistralai`, `meta-llama` and the like: those are Hugging Face's names of open weights."""

# Each price of ours to the list's name for it.
PRICE_NAMES = {
    "input": "input_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "output": "output_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_cache_read": "cache_audio_read_mtok",
    "audio_output": "output_audio_mtok",
    "image_input": "input_image_mtok",
    "image_cache_read": "cache_image_read_mtok",
    "image_output": "output_image_mtok",
}

_REGION = re.compile(r"^(?:us|eu|apac|jp|au|ca|global|us-gov)\.")
_DATE = re.compile(r"[-@](?:20\d\d-?[01]\d-?[0-3]\d|latest|default)$")


def list_id(provider: str) -> str:
    """The price list's word for a provider."""
    word = provider.strip().lower()
    return PROVIDER_IDS.get(word, word)


def name_variants(model: str) -> Iterator[str]:
    """The model's name as given, then without what clouds, gateways and dates put around it."""
    yield model
    for mark in ("/models/", "foundation-model/", "inference-profile/"):
        if mark in model:
            yield model.rpartition(mark)[2]
    if model.startswith("models/"):
        yield model[len("models/") :]
    short = model.rpartition("/")[2] if model.startswith(("arn:", "projects/", "publishers/", "models/")) else model
    for rule in (_REGION, _DATE):
        cut = rule.sub("", short)
        if cut != short:
            yield cut
            short = cut


class PriceList:
    """One state of the price list. Making one imports `genai-prices` (about 100 ms), so make it late."""

    def __init__(self) -> None:
        """Take the list as it is now: the one in the package, or the one that `genai_prices.UpdatePrices` fetched."""
        from genai_prices.data_snapshot import get_snapshot

        self._get_snapshot = get_snapshot
        self._snapshot: Any = get_snapshot()
        self._days = sorted(self._start_dates())

    @property
    def is_current(self) -> bool:
        """False once `genai-prices` has fetched a newer list."""
        return self._get_snapshot() is self._snapshot

    def _start_dates(self) -> set[date]:
        return {
            priced.constraint.start_date
            for _, model in self.models()
            for priced in (model.prices if isinstance(model.prices, list) else ())
            if hasattr(priced.constraint, "start_date")
        }

    def day_at(self, at: datetime) -> date | None:
        """The day of the list: when it was fetched, else its newest dated change that was in force at that time."""
        if self._snapshot.from_auto_update:
            fetched: date = self._snapshot.timestamp.date()
            return fetched
        known = bisect_right(self._days, at.astimezone(timezone.utc).date())
        return self._days[known - 1] if known else None

    def models(self) -> Iterator[tuple[str, Any]]:
        """Every model of the list with its provider's id."""
        for provider in self._snapshot.providers:
            for model in provider.models:
                yield provider.id, model

    def find(self, provider: str | None, model: str) -> tuple[str, Any] | None:
        """The provider's id and the list's entry for a model; None for a model that is not listed.

        Without a provider the model's name decides, where only one maker gives such names.
        """
        if provider is None:
            found = self._find_routed(model) or self._find_any(None, model)
            return found if found is not None and ("/" in model or found[0] in SOLE_MAKERS) else None
        maker = list_id(provider)
        if maker in LOCAL_PROVIDERS:
            return None
        found = self._find_any(maker, model)
        if found is None and (maker in GATEWAYS or maker == list_id(model.partition("/")[0])):
            found = self._find_routed(model)
        return found

    def _find_any(self, provider: str | None, model: str) -> tuple[str, Any] | None:
        for name in dict.fromkeys(name_variants(model)):
            found = self._look_up(provider, name)
            if found is not None:
                return found
        return None

    def _find_routed(self, model: str) -> tuple[str, Any] | None:
        head, _, tail = model.partition("/")
        if not tail or head.lower() not in ROUTES:
            return None
        maker = list_id(head)
        return self._find_any(maker, tail) or (self._find_routed(tail) if maker in GATEWAYS else None)

    def _look_up(self, provider: str | None, model: str) -> tuple[str, Any] | None:
        try:
            found, entry = self._snapshot.find_provider_model(model, None, provider, None)
        except LookupError:
            return None
        return found.id, entry

    def context_window(self, provider: str | None, model: str) -> int | None:
        """Tokens that fit into the model's window, perhaps as another provider of the same model states it."""
        found = self.find(provider, model)
        if found is None:
            return None
        maker, entry = found
        if entry.context_window is None:
            elsewhere = self._look_up("openrouter", f"{maker}/{entry.id}")
            entry = entry if elsewhere is None else elsewhere[1]
        window: int | None = entry.context_window
        return window


class ListedModel:
    """Prices of one model of the list, ready to be multiplied."""

    __slots__ = ("_changes_within_day", "_context", "_entry", "_source", "_until", "ladder", "list_day", "provider")

    def __init__(self, provider: str, entry: Any, tier: str | None) -> None:  # genai-prices' ModelInfo
        """Prices of `entry` for requests of a service tier; call `refresh` before the first use."""
        self.provider = provider
        self.ladder: Ladder | None = None
        self.list_day: date | None = None
        self._entry = entry
        self._context = _context_of(entry, tier)
        self._source: Any = None
        self._until: int | None = None
        priced = entry.prices if isinstance(entry.prices, list) else ()
        self._changes_within_day = any(hasattr(one.constraint, "start_time") for one in priced)

    def refresh(self, at: datetime, day: int, prices: PriceList) -> Ladder | None:
        """The prices at that time; `day` is the UTC day's ordinal, within which most prices do not change."""
        if self._until == day and not self._changes_within_day:
            return self.ladder
        self.list_day = prices.day_at(at)
        if self._context is None:
            source = self._entry.get_prices(at)
        else:
            source = self._entry.get_prices(at, self._context)
        if source is not self._source:
            self._source = source
            self.ladder = read_listed(source.__dict__, PRICE_NAMES)
        self._until = day  # last: another thread that sees it may use the ladder
        return self.ladder


def _context_of(entry: Any, tier: str | None) -> dict[str, str] | None:
    if tier is None or tier in {"default", "standard", "auto"} or not getattr(entry, "price_variants", None):
        return None
    # Each list has its own word for the same idea: OpenAI's tiers, Anthropic's speed, everybody's batches.
    return {"service_tier": tier, "speed": tier, "processing": tier}
