"""The desk's agents as plain functions, on the synchronous `openai` client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import foretell
from foretell.demo.replies import ModelReply, gather_chunks, read_completion, write_result
from foretell.demo.roles import FALLBACK_MODEL, MAX_TURNS, ORDERS, REFUNDS, TRIAGE, Role, Ticket, TurnLimitReached
from foretell.demo.roles import begin_conversation as begin
from foretell.demo.tools import DeskTools, OrderNotFound

if TYPE_CHECKING:
    from openai import OpenAI


class Desk:
    """Answers one ticket: triage takes it, orders and refunds do the work."""

    def __init__(self, client: OpenAI, tools: DeskTools, ticket: Ticket, model: str | None = None) -> None:
        """Work on `ticket`; `model` replaces the models that the roles would choose."""
        self._client = client
        self._ticket = ticket
        self._model = model
        self._trouble = dict(ticket.trouble)
        self._tools: dict[str, Callable[..., Any]] = {
            "find_order": tools.find_order,
            "shipping_status": tools.shipping_status,
            "refund_policy": tools.refund_policy,
            "issue_refund": tools.issue_refund,
            "hand_over": self.hand_over,
        }
        self.run_id: str | None = None

    @foretell.instrument_agent(name="triage", version="1.2")
    def answer(self, text: str) -> str:
        """Answer the customer."""
        self.run_id = foretell.current_operation().run_id or None
        return self._work(TRIAGE, text)

    @foretell.instrument_tool
    def hand_over(self, specialist: str, order_id: int, request: str) -> str:
        """Have a specialist deal with a request about an order."""
        task = request if str(order_id) in request else f"{request} (order {order_id})"
        return self.refund(task) if specialist == "refunds" else self.look_up(task)

    @foretell.instrument_agent(name="orders")
    def look_up(self, request: str) -> str:
        """Find out what became of an order."""
        return self._work(ORDERS, request)

    @foretell.instrument_agent(name="refunds")
    def refund(self, request: str) -> str:
        """Decide about a refund and carry it out."""
        return self._work(REFUNDS, request)

    def _work(self, role: Role, task: str) -> str:
        """Let the model and the tools take turns until there is an answer."""
        messages = begin(role, task)
        for _ in range(MAX_TURNS):
            reply = self._ask(role, messages)
            messages.append(reply.message)
            if not reply.tool_uses:
                return reply.text
            for use_id, name, arguments in reply.tool_uses:
                messages.append({"role": "tool", "tool_call_id": use_id, "content": self._use(name, arguments)})
        raise TurnLimitReached(f"{role.name} took {MAX_TURNS} turns and has no answer")

    def _use(self, name: str, arguments: str) -> str:
        """Use a tool; that something is not there is an answer too, any other failure ends the run."""
        try:
            return write_result(self._tools[name](**json.loads(arguments)))
        except OrderNotFound as error:
            return write_result({"error": str(error)})

    def _ask(self, role: Role, messages: list[dict[str, Any]]) -> ModelReply:
        """Ask the role's model, and the fallback where that one has a fault."""
        from openai import InternalServerError

        try:
            return self._ask_model(self._model or role.model, role, messages)
        except InternalServerError:
            return self._ask_model(self._model or FALLBACK_MODEL, role, messages)

    def _ask_model(self, model: str, role: Role, messages: list[dict[str, Any]]) -> ModelReply:
        trouble, self._trouble = self._trouble, {}
        request = {"model": model, "messages": messages, "tools": list(role.tools), "extra_headers": trouble}
        if self._ticket.is_streamed:
            return gather_chunks(self.stream(**request))
        return read_completion(self.complete(**request))

    @foretell.instrument_llm(provider="openai")
    def complete(self, **request: Any) -> Any:  # what the client takes and gives
        """Make one model call."""
        return self._client.chat.completions.create(**request)

    @foretell.instrument_llm(provider="openai")
    def stream(self, **request: Any) -> Iterator[Any]:  # as above
        """Make one model call whose answer comes in pieces."""
        yield from self._client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True})
