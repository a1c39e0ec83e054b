"""Who works at the desk, who writes to it, and what may go wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from foretell.demo.tools import FIND_ORDER, HAND_OVER, ISSUE_REFUND, REFUND_POLICY, SHIPPING_STATUS

NO_TROUBLE: Mapping[str, str] = MappingProxyType({})
FALLBACK_MODEL = "desk-local-8b"
"""Asked when the first choice does not answer; nobody publishes its price, so its cost is unknown."""
MAX_TURNS = 8


class TurnLimitReached(RuntimeError):
    """An agent did not come to an answer in the turns it may take."""


@dataclass(frozen=True, slots=True)
class Role:
    """One agent: what it is told, what it can do, which model it asks."""

    name: str
    model: str
    instructions: str
    tools: tuple[dict[str, Any], ...]  # JSON


TRIAGE = Role(
    "triage",
    "gpt-4.1-nano",
    "You are the first contact of a small online shop's support desk. Be friendly and brief. Answer questions about the"
    " desk itself: it is open from 8 to 20 o'clock, Monday to Saturday. When the customer means an order, use hand_over"
    " once, with `refunds` if money is to come back and `orders` otherwise, then tell the customer what the specialist"
    " found out. Never invent an order.",
    (HAND_OVER,),
)
ORDERS = Role(
    "orders",
    "gpt-4o-mini",
    "You find out what became of an order. Use find_order with its number, then shipping_status with its tracking code."
    " If the carrier does not know the shipment yet, ask again. Answer in one sentence with the item and when it comes.",
    (FIND_ORDER, SHIPPING_STATUS),
)
REFUNDS = Role(
    "refunds",
    "gpt-5-mini",
    "You decide about refunds. Use find_order, then refund_policy with what you found. Only when the policy allows it,"
    " use issue_refund with the order's full price. Answer in one sentence, with the reference of the refund.",
    (FIND_ORDER, REFUND_POLICY, ISSUE_REFUND),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a customer wrote."""

    id: str
    customer: str
    text: str
    is_streamed: bool = False
    trouble: Mapping[str, str] = field(default_factory=lambda: NO_TROUBLE)
    """Headers that make the bundled model server fail the ticket's first model call; other servers ignore them."""


@dataclass(frozen=True, slots=True)
class TicketResult:
    """What became of a ticket."""

    ticket: Ticket
    run_id: str | None
    answer: str | None
    error: str | None
    seconds: float


ONE_BY_ONE = (
    Ticket("T-1", "Ann", "Where is my order 1042?"),
    Ticket("T-2", "Ben", "The kettle from order 1017 arrived broken. I want my money back.", is_streamed=True),
    Ticket("T-3", "Dev", "Any news about order 1033? It should be here by now."),
)
"""Answered one after the other, by plain functions."""
AT_ONCE = (
    Ticket("T-4", "Cleo", "Can I return the rain jacket of order 1029 and get a refund?"),
    Ticket("T-5", "Gus", "When is your desk open?", is_streamed=True),
    Ticket("T-6", "Hana", "Where is order 9999?"),
    Ticket("T-7", "Eve", "My blender, order 1020, is damaged. Please refund it."),
    Ticket("T-8", "Finn", "Has order 1051 left the warehouse?"),
    Ticket("T-9", "Ida", "When will order 1064 arrive?", is_streamed=True, trouble={"X-Demo-Status": "500"}),
    Ticket("T-10", "Jon", "Is order 1042 really mine?", trouble={"X-Demo-Status": "429"}),
)
"""Answered at the same time, by coroutines."""


def begin_conversation(role: Role, task: str) -> list[dict[str, Any]]:  # JSON
    """Return the messages with which an agent starts."""
    return [{"role": "system", "content": role.instructions}, {"role": "user", "content": task}]
