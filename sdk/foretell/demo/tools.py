"""What the desk's agents can do: ask the database, the carrier, the policy and the payment service."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import foretell
from foretell.demo.shop import REFUND_DAYS, Shop

CARRIER_TIMEOUT_S = 0.4


class OrderNotFound(LookupError):
    """The database has no such order."""


class RefundFailed(RuntimeError):
    """The payment service did not pay back."""


class DeskTools:
    """The tools, each a plain method that takes and gives what JSON can hold."""

    def __init__(self, shop: Shop) -> None:
        """Work with this shop."""
        self._shop = shop

    @foretell.instrument_tool
    def find_order(self, order_id: int) -> dict[str, Any]:
        """Look an order up in the shop's database."""
        order = self._shop.find_order(order_id)
        if order is None:
            raise OrderNotFound(f"there is no order {order_id}")
        return order

    @foretell.instrument_tool
    def shipping_status(self, tracking: str) -> dict[str, Any]:
        """Ask the carrier where a shipment is."""
        return _fetch_json(f"{self._shop.services_url}/shipments/{tracking}", timeout_s=CARRIER_TIMEOUT_S)

    @foretell.instrument_tool
    def refund_policy(self, category: str, days_since_delivery: int | None) -> dict[str, Any]:
        """Say whether the shop's policy allows a refund."""
        is_late = days_since_delivery is not None and days_since_delivery > REFUND_DAYS
        reason = f"it arrived {days_since_delivery} days ago and the limit for {category} is {REFUND_DAYS}"
        return {"is_refundable": not is_late, "reason": reason if is_late else "it is within the time allowed"}

    @foretell.instrument_tool
    def issue_refund(self, order_id: int, amount: float) -> dict[str, Any]:
        """Have the payment service pay back, and write it down."""
        try:
            paid = _fetch_json(f"{self._shop.services_url}/refunds", {"order_id": order_id, "amount": amount})
        except urllib.error.HTTPError as error:
            raise RefundFailed(f"the payment service answered {error.code} {error.reason}") from error
        self._shop.note_refund(order_id, amount, paid["reference"])
        return paid


def _fetch_json(url: str, body: Mapping[str, Any] | None = None, timeout_s: float = 5.0) -> dict[str, Any]:
    """GET, or POST a body, and return the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310  # our own address
    with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310  # as above
        answer: dict[str, Any] = json.load(response)
    return answer


def describe(name: str, description: str, **parameters: str) -> dict[str, Any]:
    """Say to the model what a tool is for and which arguments it takes: name → JSON type."""
    properties = {parameter: {"type": kind} for parameter, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


FIND_ORDER = describe("find_order", "Look an order up by its number.", order_id="integer")
SHIPPING_STATUS = describe("shipping_status", "Ask the carrier where a shipment is.", tracking="string")
REFUND_POLICY = describe(
    "refund_policy", "Ask whether a refund is allowed.", category="string", days_since_delivery="integer"
)
ISSUE_REFUND = describe("issue_refund", "Pay an order back.", order_id="integer", amount="number")
HAND_OVER = describe(
    "hand_over",
    "Give the customer's request to a specialist (`orders` or `refunds`) and get the specialist's answer.",
    specialist="string",
    order_id="integer",
    request="string",
)
