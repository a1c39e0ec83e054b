"""Costs and redaction for calls that were recorded elsewhere, as if they had been recorded here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.cost.prices import PriceBook
    from foretell.model.call import Call
    from foretell.model.payload import Captured, Payload
    from foretell.settings import Settings

Refine = Callable[["Sequence[Call]"], None]


def make_refiner(settings: Settings, identity_key: bytes) -> Refine:
    """Make the function that prices calls without a cost and redacts everything that they carry."""
    from foretell.cost.prices import PriceBook
    from foretell.payloads.payload import Limits
    from foretell.payloads.refine import refine_contents
    from foretell.setup.redaction import make_redactor

    prices = PriceBook(settings.price_file)
    redactor = make_redactor(settings)
    limits = Limits(settings.payload_inline_bytes, settings.payload_blob_bytes, settings.content != "none")

    def refine(calls: Sequence[Call]) -> None:
        for call in calls:
            add_cost(call, prices)
            # The refiner reads what was captured and makes the payloads anew.
            call.input, call.output = capture_again(call.input_payload), capture_again(call.output_payload)
        refine_contents(calls, redactor, limits, identity_key)

    return refine


def add_cost(call: Call, prices: PriceBook) -> None:
    """Price a model call that brought tokens but no cost."""
    from datetime import datetime, timezone

    from foretell.model.facts import InferenceFacts

    facts = call.facts
    if call.cost is not None or call.usage is None or not isinstance(facts, InferenceFacts):
        return
    model = facts.response_model or facts.request_model or call.name
    at = datetime.fromtimestamp(call.start_ns / 1e9, tz=timezone.utc)
    call.cost = prices.price(facts.provider, model, call.usage, at, call.agent_name, request_model=facts.request_model)


def capture_again(payload: Payload | None) -> Captured | None:
    """Return a payload's value as if it had just been captured."""
    from foretell.model.payload import Captured

    if payload is None:
        return None
    try:
        value = json.loads(payload.text)
    except ValueError:
        value = payload.text
    return Captured(value, payload.size_bytes, payload.is_truncated)
