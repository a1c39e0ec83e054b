"""Multiply tokens by prices."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.model.usage import Usage

TOKENS_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices of one model in USD per token, each kind of token with the price it really has.

    None means that these tokens have no known price: a call that used any has none either.
    """

    input: float | None
    cache_read: float | None
    cache_write: float | None
    cache_write_1h: float | None
    output: float | None
    reasoning: float | None
    request: float = 0.0
    """USD per call, whatever its size."""
    audio_input: float | None = None
    """This and the next five: None where the modality costs what text does."""
    audio_cache_read: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_cache_read: float | None = None
    image_output: float | None = None
    is_complete: bool = False
    """True where every price that text needs is known."""
    has_modalities: bool = False

    def amount_usd(self, usage: Usage) -> float | None:
        """What these tokens cost; None where the price of some of them is unknown."""
        if not self.is_complete:
            return self._amount_of_known(usage)
        amount = (
            self.request
            + usage.uncached_input * self.input  # type: ignore[operator]  # is_complete: none of these is None
            + usage.cache_read * self.cache_read  # type: ignore[operator]
            + usage.cache_write * self.cache_write  # type: ignore[operator]
            + usage.output * self.output  # type: ignore[operator]
            + usage.reasoning * self.reasoning  # type: ignore[operator]
        )
        if usage.cache_write_1h:
            amount += usage.cache_write_1h * (self.cache_write_1h - self.cache_write)  # type: ignore[operator]
        if self.has_modalities and (usage.input_by_modality or usage.output_by_modality):
            amount += self._modality_surcharge(usage)
        return amount

    def _amount_of_known(self, usage: Usage) -> float | None:
        amount = self.request
        short_write = usage.cache_write - usage.cache_write_1h
        for count, rate in (
            (usage.uncached_input, self.input),
            (usage.cache_read, self.cache_read),
            (short_write, self.cache_write),
            (usage.cache_write_1h, self.cache_write_1h),
            (usage.output, self.output),
            (usage.reasoning, self.reasoning),
        ):
            if count:
                if rate is None:
                    return None
                amount += count * rate
        return amount if usage.input_tokens or usage.output_tokens or self.request else None

    def _modality_surcharge(self, usage: Usage) -> float:
        """What sound and pictures cost beyond what they would cost as text."""
        amount = 0.0
        for name, given_rate, read_rate, made_rate in (
            ("audio", self.audio_input, self.audio_cache_read, self.audio_output),
            ("image", self.image_input, self.image_cache_read, self.image_output),
        ):
            given = usage.input_by_modality.get(name, 0)
            read = min(usage.cache_read_by_modality.get(name, 0), given)
            if given and given_rate is not None and self.input is not None:
                # Cached tokens without a breakdown are taken for text first.
                amount += min(given - read, usage.uncached_input) * (given_rate - self.input)
            if read and read_rate is not None and self.cache_read is not None:
                amount += read * (read_rate - self.cache_read)
            made = usage.output_by_modality.get(name, 0)
            if made and made_rate is not None and self.output is not None:
                amount += min(made, usage.output) * (made_rate - self.output)
        return amount


def make_rates(price: Callable[[str], float | None], request_usd: float = 0.0) -> Rates:
    """Rates from prices in USD per million tokens under the names of the price list; None is "not listed".

    What is not listed costs what the wider kind costs: cached input as input, reasoning as output.
    """

    def per_token(name: str, wider: float | None = None) -> float | None:
        listed = price(name)
        return wider if listed is None else listed / TOKENS_PER_PRICE

    given, made = per_token("input"), per_token("output")
    read, written = per_token("cache_read", given), per_token("cache_write", given)
    by_modality: dict[str, float | None] = {
        "audio_input": per_token("audio_input"),
        # Without a price of its own, sound from the cache costs what text from the cache does.
        "audio_cache_read": per_token("audio_cache_read"),
        "audio_output": per_token("audio_output"),
        "image_input": per_token("image_input"),
        "image_cache_read": per_token("image_cache_read"),
        "image_output": per_token("image_output"),
    }
    return Rates(
        given,
        read,
        written,
        per_token("cache_write_1h", written),
        made,
        per_token("reasoning", made),
        request_usd,
        **by_modality,
        is_complete=given is not None and made is not None,
        has_modalities=any(rate is not None for rate in by_modality.values()),
    )


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rates that depend on how long the whole input is: the highest step passed prices all tokens of the call."""

    steps: tuple[Rates, ...]
    starts: tuple[int, ...] = ()
    """Of every step but the first: it holds for inputs longer than this."""

    def amount_usd(self, usage: Usage) -> float | None:
        """What these tokens cost; None where the price of some of them is unknown."""
        if not self.starts:
            return self.steps[0].amount_usd(usage)
        return self.steps[bisect_left(self.starts, usage.input_tokens)].amount_usd(usage)


def read_listed(listed: Mapping[str, Any], names: Mapping[str, str]) -> Ladder | None:
    """A ladder from one entry of the price list (`names`: ours to the list's); None for an entry without prices."""
    prices = {ours: listed[theirs] for ours, theirs in names.items() if listed.get(theirs) is not None}
    if not prices:
        return None
    starts = sorted({tier.start for price in prices.values() for tier in getattr(price, "tiers", ())})
    request = listed.get("requests_kcount")
    request_usd = 0.0 if request is None else float(request) / 1000

    def rates_above(start: int) -> Rates:
        def price(name: str) -> float | None:
            found = prices.get(name)
            if found is None:
                return None
            tiers = getattr(found, "tiers", None)
            if tiers is None:
                return float(found)
            passed = [tier.price for tier in tiers if tier.start <= start]
            return float(passed[-1] if passed else found.base)

        return make_rates(price, request_usd)

    return Ladder(tuple(rates_above(start) for start in (-1, *starts)), tuple(starts))
