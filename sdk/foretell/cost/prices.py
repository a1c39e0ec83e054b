"""What tokens cost: your own prices first, then what the provider reported, then the list in `genai-prices`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.cost import listed, overrides
from foretell.cost.overrides import PriceFileError, PriceOverride, PriceTable, read_price_file, read_prices
from foretell.cost.rates import TOKENS_PER_PRICE, Ladder, Rates
from foretell.model.usage import Cost, Usage

if TYPE_CHECKING:
    from foretell.cost.listed import ListedModel, PriceList

__all__ = ["PriceBook", "PriceFileError", "PriceFunction", "PriceRow"]

PriceFunction = Callable[[str | None, str, Usage, datetime], float | None]
"""Provider, model, tokens and time to USD; None leaves the price to the others."""

# A program uses some ten models; the bound is for names made in a loop.
MAX_CACHED = 4096

UTC = timezone.utc


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of a price list, in USD per million tokens; None where there is no such price."""

    provider: str
    """`*` for an override that holds for every provider."""
    model: str
    input_usd: float | None
    output_usd: float | None
    cache_read_usd: float | None
    cache_write_usd: float | None
    is_tiered: bool
    """True where long inputs cost more; the row shows the price of short ones."""
    context_window: int | None
    source: str
    date: date | None
    agent: str | None = None


class PriceBook:
    """Prices of every model we know of. May be used by several threads.

    The first of these that knows a price gives it: the price function, your own prices (those of an agent before
    those for all), what the provider reported, the list in `genai-prices`. Models that run locally (Ollama, llama.cpp,
    vLLM ...) are not in that list: their price is unknown until you set one, 0 included.
    """

    def __init__(
        self,
        overrides: Path | str | Mapping[str, Any] | PriceTable | None = None,
        price_function: PriceFunction | None = None,
    ) -> None:
        """Take your own prices from a file (shape: `foretell.cost.overrides`) or from a dict of the same shape.

        A file that cannot be used raises a PriceFileError.
        """
        self._table = _read_overrides(overrides)
        self._price_function = price_function
        self._list: PriceList | None = None
        self._listed: dict[tuple[str | None, str | None, str | None, str | None], ListedModel | None] = {}
        self._own: dict[tuple[str | None, str | None, str | None, str | None], PriceOverride | None] = {}

    def preload(self) -> None:
        """Import the price list now (about 100 ms), say in a thread of its own, rather than at the first price."""
        self._current_list()

    def price(
        self,
        provider: str | None,
        model: str | None,
        usage: Usage,
        at: datetime,
        agent: str | None = None,
        *,
        request_model: str | None = None,
        service_tier: str | None = None,
        reported_usd: float | None = None,
    ) -> Cost | None:
        """What these tokens cost at that time; None where the price is unknown, which is never 0.

        `model` is the name in the response, `request_model` the name that was asked for (an Azure deployment, an
        alias): the list is searched for the first, then for the second; your own prices for both.
        """
        if self._price_function is not None:
            amount = self._ask_function(provider, model or request_model, usage, at)
            if amount is not None:
                return Cost(amount, overrides.SOURCE)
        if self._table is not None:
            own = self._find_own(provider, model, request_model, agent)
            amount = None if own is None else own.rates.amount_usd(usage)
            if amount is not None:
                return Cost(amount, overrides.SOURCE, self._table.date)
        if reported_usd is not None:
            return Cost(reported_usd, "reported")
        return self._price_from_list((provider, model, request_model, service_tier), usage, at)

    def context_window(self, provider: str | None, model: str, agent: str | None = None) -> int | None:
        """How many tokens fit into the model's window; None where nobody says."""
        own = self._find_own(provider, model, None, agent)
        if own is not None and own.context_window is not None:
            return own.context_window
        return self._current_list().context_window(provider, model)

    def list_prices(self, text: str = "", *, at: datetime) -> list[PriceRow]:
        """Every price at that time whose provider or model contains the text; your own prices stand first."""
        words = text.lower().split()
        at = _to_utc(at)
        rows = [_row_of_own(own, self._table.date) for own in self._table.prices] if self._table is not None else []
        prices = self._current_list()
        for provider, entry in prices.models():
            known = listed.ListedModel(provider, entry, None)
            ladder = known.refresh(at, at.toordinal(), prices)
            if ladder is not None:
                rows.append(_row_of_list(provider, entry, ladder, known.list_day))
        return [row for row in rows if all(word in f"{row.provider} {row.model}".lower() for word in words)]

    def _ask_function(self, provider: str | None, model: str | None, usage: Usage, at: datetime) -> float | None:
        assert self._price_function is not None
        if model is None:
            return None
        amount = self._price_function(provider, model, usage, at)
        if amount is None:
            return None
        amount = float(amount)
        if not isfinite(amount) or amount < 0:
            raise ValueError(f"The price function returned {amount!r} for {model!r}.\nReturn USD from 0 up, or None.")
        return amount

    def _find_own(
        self, provider: str | None, model: str | None, request_model: str | None, agent: str | None
    ) -> PriceOverride | None:
        if self._table is None:
            return None
        key = (provider, model, request_model, agent)
        try:
            return self._own[key]
        except KeyError:
            models = tuple(name for name in (request_model, model) if name) or (
                "",
            )  # `*` also fits a call without a name
            own = self._table.find(provider, models, agent)
            _keep(self._own, key, own)
            return own

    def _price_from_list(
        self, key: tuple[str | None, str | None, str | None, str | None], usage: Usage, at: datetime
    ) -> Cost | None:
        prices = self._list
        if prices is None or not prices.is_current:
            prices = self._current_list()
        try:
            known = self._listed[key]
        except KeyError:
            known = self._find_listed(prices, *key)
            _keep(self._listed, key, known)
        if known is None:
            return None
        if at.tzinfo is not UTC:
            at = _to_utc(at)
        ladder = known.refresh(at, at.toordinal(), prices)
        amount = None if ladder is None else ladder.amount_usd(usage)
        return None if amount is None else Cost(amount, listed.SOURCE, known.list_day)

    def _find_listed(
        self, prices: PriceList, provider: str | None, model: str | None, request_model: str | None, tier: str | None
    ) -> ListedModel | None:
        for name in (model, request_model):
            found = prices.find(provider, name) if name else None
            if found is not None:
                return listed.ListedModel(*found, tier)
        return None

    def _current_list(self) -> PriceList:
        prices = self._list
        if prices is None or not prices.is_current:
            prices = listed.PriceList()
            self._listed = {}
            self._list = prices
        return prices


def _read_overrides(given: Path | str | Mapping[str, Any] | PriceTable | None) -> PriceTable | None:
    if given is None or isinstance(given, PriceTable):
        return given
    return read_prices(given) if isinstance(given, Mapping) else read_price_file(Path(given))


def _keep(cache: dict[Any, Any], key: object, value: object) -> None:
    if len(cache) >= MAX_CACHED:
        cache.clear()
    cache[key] = value


def _to_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _per_million(rate: float | None) -> float | None:
    return None if rate is None else round(rate * TOKENS_PER_PRICE, 9)


def _columns(rates: Rates) -> tuple[float | None, float | None, float | None, float | None]:
    return (
        _per_million(rates.input),
        _per_million(rates.output),
        _per_million(rates.cache_read),
        _per_million(rates.cache_write),
    )


def _row_of_own(own: PriceOverride, day: date | None) -> PriceRow:
    return PriceRow(
        own.provider or "*",
        own.model,
        *_columns(own.rates),
        is_tiered=False,
        context_window=own.context_window,
        source=overrides.SOURCE,
        date=day,
        agent=own.agent,
    )


def _row_of_list(provider: str, entry: Any, ladder: Ladder, day: date | None) -> PriceRow:
    return PriceRow(
        provider,
        entry.id,
        *_columns(ladder.steps[0]),
        is_tiered=bool(ladder.starts),
        context_window=entry.context_window,
        source=listed.SOURCE,
        date=day,
    )
