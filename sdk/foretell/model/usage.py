"""Tokens and money of one inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

NOTHING: Mapping[str, int] = MappingProxyType({})


# Not frozen: that would triple what making one costs. Nobody changes one all the same.
@dataclass(slots=True)
class Usage:
    """Tokens of one inference in additive buckets: no token stands in two of them.

    Whoever reads a provider's body fills these five; sums such as the conventions'
    `gen_ai.usage.input_tokens` (cached tokens included) are derived.
    """

    uncached_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    """Output without reasoning."""
    reasoning: int = 0
    input_by_modality: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """`text`, `image`, `audio` → tokens of all input; empty when the provider gave no breakdown."""
    output_by_modality: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    cache_read_by_modality: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    cache_write_1h: int = 0
    """The part of `cache_write` that is kept for an hour (Anthropic): it has a price of its own."""
    is_estimated: bool = False
    """True where the provider gave no count and we derived one."""

    @property
    def input_tokens(self) -> int:
        """All input, cached tokens included (`gen_ai.usage.input_tokens`)."""
        return self.uncached_input + self.cache_read + self.cache_write

    @property
    def output_tokens(self) -> int:
        """All output, reasoning included (`gen_ai.usage.output_tokens`)."""
        return self.output + self.reasoning


@dataclass(slots=True)
class Cost:
    """What an inference cost. There is no Cost where the price is unknown: unknown is never 0."""

    amount_usd: float
    source: str
    """`genai-prices`, `override` or `reported`."""
    price_date: date | None = None
    """The day of the price list that was used."""
