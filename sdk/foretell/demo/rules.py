"""How the bundled model server plays the desk's three agents: simple rules over what was said and what tools gave back."""

from __future__ import annotations

import json
import re
from typing import Any

from foretell.demo.conversation import Conversation, Reply, ToolUse

ORDER_NUMBER = re.compile(r"\b(\d{4})\b")
REFUND_WORDS = re.compile(r"refund|money back|broken|damaged|return", re.IGNORECASE)


def decide_for_desk(conversation: Conversation) -> Reply:
    """Answer as the agent would whose tools are on offer."""
    if "hand_over" in conversation.tools:
        return decide_triage(conversation)
    if "issue_refund" in conversation.tools:
        return decide_refund(conversation)
    if "shipping_status" in conversation.tools:
        return decide_order(conversation)
    return Reply(f"You asked: {conversation.task}")


def decide_triage(conversation: Conversation) -> Reply:
    """Hand the customer to a specialist where an order is meant; answer what the specialist found out."""
    results = conversation.list_results()
    if results:
        return Reply(f"Hello! {results[-1][1]} Is there anything else I can do for you?")
    number = ORDER_NUMBER.search(conversation.task)
    if number is None:
        return Reply("Hello! Our desk is open from 8 to 20 o'clock, Monday to Saturday. How can I help you?")
    specialist = "refunds" if REFUND_WORDS.search(conversation.task) else "orders"
    arguments = {"specialist": specialist, "order_id": int(number.group(1)), "request": conversation.task}
    return _use("hand_over", **arguments)


def decide_order(conversation: Conversation) -> Reply:
    """Look the order up, then its shipment; ask again while the carrier knows nothing."""
    found = {use.name: _read_result(text) for use, text in conversation.list_results()}
    order = found.get("find_order")
    if order is None:
        return _use("find_order", order_id=_find_number(conversation))
    if "error" in order:
        return Reply(f"I cannot find that order ({order['error']}). Please check the number in your confirmation.")
    shipment = found.get("shipping_status")
    if shipment is None or shipment.get("status") == "unknown":
        return _use("shipping_status", tracking=order["tracking"])
    if "error" in shipment:
        return Reply(f"Your {order['item']} is on its way, but the carrier cannot be reached right now.")
    return Reply(f"Your {order['item']} is {shipment['status']}, expected {shipment['expected']}.")


def decide_refund(conversation: Conversation) -> Reply:
    """Look the order up, ask the policy, pay back if it allows."""
    found = {use.name: _read_result(text) for use, text in conversation.list_results()}
    order, policy, refund = found.get("find_order"), found.get("refund_policy"), found.get("issue_refund")
    if order is None:
        return _use("find_order", order_id=_find_number(conversation))
    if "error" in order:
        return Reply(f"I cannot find that order ({order['error']}), so there is nothing that I could refund.")
    if policy is None:
        return _use("refund_policy", category=order["category"], days_since_delivery=order["days_since_delivery"])
    if not policy["is_refundable"]:
        return Reply(f"I am sorry: the {order['item']} cannot be refunded, because {policy['reason']}.")
    if refund is None:
        return _use("issue_refund", order_id=order["order_id"], amount=order["price"])
    return Reply(f"I have refunded ${order['price']:.2f} for the {order['item']} (reference {refund['reference']}).")


def _use(tool: str, **arguments: Any) -> Reply:
    return Reply(tool_uses=(ToolUse(tool, arguments),))


def _find_number(conversation: Conversation) -> int:
    number = ORDER_NUMBER.search(conversation.task)
    return int(number.group(1)) if number else 0


def _read_result(text: str) -> dict[str, Any]:
    try:
        result = json.loads(text)
    except ValueError:
        return {"error": text}
    return result if isinstance(result, dict) else {"value": result}
